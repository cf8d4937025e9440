//! Failures: faults, races, lost answers, rotations, items of older and newer
//! versions.

mod faults;
mod idempotency;
pub mod lived_in;
mod lost_answers;
mod newer;
mod older;
pub mod races;
mod records;
pub mod rotation;
mod shapes;
