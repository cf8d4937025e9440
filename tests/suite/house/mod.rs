//! The house itself: its rules, its lists, its contract.

mod calls;
mod canary;
mod circles;
pub mod contract;
mod lines;
mod metrics;
mod openapi;
mod portal;
mod roles;
mod texts;
pub mod threats;
mod tidy;
pub mod tour;
