//! Stories, races and rules over the real parts, in one binary.

mod faults;
mod canary;
mod after_reset;
mod equal;
mod tour;
mod expiry;
mod calls;
mod races;
mod story;
