//! Routes, one file a function: its rows, its handlers, and what the API
//! document says of each.

pub mod directory;
pub mod policy;
pub mod portal;
pub mod registration;
pub mod reset;
pub mod sign_in;
pub mod verify;
