//! Messages: how they are sent, what happens when they bounce, and how they are sent again.

mod bounces;
mod delivery_events;
pub mod every_mail;
mod mail;
mod mail_format;
mod measure;
mod python;
mod redrive;
mod redrive_races;
mod redrive_runs;
mod sender;
mod sms;
mod sms_text;
mod stale_bounces;
