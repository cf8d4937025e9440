//! What administrators set.

mod policy;
mod terms;
