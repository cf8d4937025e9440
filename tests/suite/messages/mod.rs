//! Messages: how they are sent, what happens when they bounce, and how they are sent again.

mod bounces;
mod delivery_events;
mod mail;
mod measure;
mod redrive;
mod redrive_races;
mod redrive_runs;
mod sms;
mod sms_text;
mod stale_bounces;
