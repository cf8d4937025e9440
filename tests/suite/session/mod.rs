//! Sign-in, sessions, registration, and the user's own password and methods.

mod breached;
mod cookies;
mod failed_sign_ins;
mod own_methods;
pub mod passwords;
pub mod registration;
mod sessions;
