//! Stories, races and rules over the real parts, in one binary.

mod administrators;
mod after_reset;
mod calls;
mod canary;
mod contract;
mod directory;
mod equal;
mod expiry;
mod faults;
mod helpdesk;
mod issued;
mod mail;
mod policy;
mod races;
mod search;
mod story;
mod strict;
mod texts;
mod tidy;
mod tour;
mod users;
