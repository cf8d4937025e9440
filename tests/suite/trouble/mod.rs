//! What goes wrong: faults, races, answers that are lost.

mod faults;
pub mod races;
mod repeat;
mod rotation;
