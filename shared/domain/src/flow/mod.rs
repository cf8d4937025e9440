//! The use cases ("flows"): one in each file, in one folder for each function that serves them.
//!
//! A flow reads once, applies the rules, and writes once. It takes only the ports that it
//! needs. [`steps`] holds the parts that several flows share.
//!
//! A flow returns a [`Problem`](crate::error::Problem) for every refusal of its rules,
//! and `unavailable` if a port does not answer.

pub mod delivery_events;
pub mod directory;
pub mod policy;
pub mod recover;
pub mod registration;
pub mod reset;
pub mod send_code;
pub mod sign_in;
pub mod steps;
pub mod verify;
