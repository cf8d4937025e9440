//! The function `policy`: the policy, its history, and the organisation's banned password terms.

mod commit;
pub mod save_policy;
pub mod save_terms;
pub mod view;
