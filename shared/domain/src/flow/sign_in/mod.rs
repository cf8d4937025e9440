//! The function `sign-in`: users sign in, sign out and confirm their password.

pub mod confirm_password;
pub mod sign_out;
pub mod with_password;
