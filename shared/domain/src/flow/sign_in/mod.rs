//! The function `sign-in`: sessions.

pub mod confirm_password;
pub mod sign_out;
pub mod with_password;
