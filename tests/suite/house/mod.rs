//! The repository's own rules and contracts.

mod calls;
mod canary;
mod checklists;
mod circles;
pub mod contract;
mod language;
mod lines;
mod logging;
mod mails;
mod metrics;
mod openapi;
mod portal;
pub mod requests;
mod roles;
mod texts;
pub mod threats;
mod tidy;
pub mod tour;
