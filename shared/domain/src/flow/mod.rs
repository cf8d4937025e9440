//! The use cases, one a file, grouped by the function that serves them. A flow
//! reads once, decides by the rules, and writes once; it takes only the ports
//! that it needs.

pub mod delivery_events;
pub mod directory;
pub mod policy;
pub mod registration;
pub mod reset;
pub mod send_code;
pub mod sign_in;
pub mod steps;
pub mod verify;
