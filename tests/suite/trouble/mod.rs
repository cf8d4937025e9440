//! What goes wrong: faults, races, answers that are lost.

mod faults;
pub mod older;
pub mod races;
mod repeat;
pub mod rotation;
mod shapes;
