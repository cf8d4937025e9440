//! Resets of a forgotten password.

mod administrator_reset;
mod after_reset;
pub mod equal;
mod equal_limits;
mod expiry;
mod phone;
mod review;
mod sms_limits;
mod story;
