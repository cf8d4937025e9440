//! Failures: faults, races, lost answers, key rotations, and items written by older and
//! newer versions.

mod charged;
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
mod sign_ins;
mod unknown_keys;
