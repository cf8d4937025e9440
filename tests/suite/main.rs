//! Stories, races and rules over the real parts, in one binary.

mod administrators;
mod after_reset;
mod attacks;
mod calls;
mod canary;
mod contract;
mod equal;
mod expiry;
mod faults;
mod mail;
mod phone;
mod policy;
mod races;
mod repeat;
mod story;
mod strict;
mod texts;
mod threats;
mod tidy;
mod tour;
mod users;
