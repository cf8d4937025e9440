//! Stories, races and rules over the real parts, in one binary.

mod administrators;
mod after_reset;
mod calls;
mod canary;
mod contract;
mod cookies;
mod equal;
mod expiry;
mod faults;
mod mail;
mod passwords;
mod phone;
mod policy;
mod races;
mod registration;
mod repeat;
mod sessions;
mod sms;
mod story;
mod strict;
mod terms;
mod texts;
mod tidy;
mod tour;
mod users;
