//! Stories, races and rules over the real parts, in one binary.

mod tour;
mod expiry;
mod calls;
mod races;
mod story;
