//! The function `sign-in`: sessions.

pub mod confirm_password;
pub mod sign_in;
pub mod sign_out;
