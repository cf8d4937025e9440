//! Somebody who is signed in, or wants to be.

mod cookies;
pub mod passwords;
mod registration;
mod sessions;
