//! Which path does what: one file a function.

pub mod directory;
pub mod policy;
pub mod portal;
pub mod registration;
pub mod reset;
pub mod sign_in;
pub mod verify;
