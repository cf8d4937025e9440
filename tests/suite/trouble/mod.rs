//! Failures: faults, races, lost answers, rotations, items of older versions.

mod faults;
mod newer;
pub mod older;
pub mod races;
mod idempotency;
pub mod rotation;
mod shapes;
