//! What is sent, as it arrives.

mod beside;
mod bounces;
mod delivery_events;
mod mail;
mod measure;
mod redrive;
mod sms;
