//! What goes wrong: faults, races, answers that are lost.

mod faults;
mod newer;
pub mod older;
pub mod races;
mod repeat;
pub mod rotation;
mod shapes;
