//! What is sent, as it arrives.

mod mail;
mod sms;
