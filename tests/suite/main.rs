//! Stories, races and rules over the real parts, in one binary.

mod after_reset;
mod calls;
mod canary;
mod equal;
mod expiry;
mod faults;
mod mail;
mod policy;
mod races;
mod story;
mod tour;
mod users;
