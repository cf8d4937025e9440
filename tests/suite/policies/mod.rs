//! The policy and the organisation's banned password terms, which administrators set.

mod history;
mod policy;
mod terms;
