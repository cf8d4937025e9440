//! The function `reset`: a user resets a forgotten password.

pub mod cancel;
pub mod issue_challenge;
mod open;
pub mod set_password;
pub mod start;
pub mod view;
