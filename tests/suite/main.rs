//! Stories, races and rules over the real parts, in one binary.

mod races;
mod story;
