//! The function `sign-in`: users sign in, sign out and type the password again.

pub mod confirm_password;
pub mod sign_out;
pub mod with_password;
