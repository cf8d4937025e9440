//! Sign-in, sessions, registration, and the user's own password and methods.

mod cookies;
mod own_methods;
pub mod passwords;
mod registration;
mod sessions;
