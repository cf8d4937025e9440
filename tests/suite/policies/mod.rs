//! The policy and the organisation's terms, which administrators set.

mod history;
mod policy;
mod terms;
