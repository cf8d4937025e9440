//! Text that people type: what is cleaned and what is refused, on every route that takes it.
//!
//! Each table holds the inputs that failed before, and others of the same kinds.

mod dictated;
mod names;
mod phones;
mod refused;
mod user_ids;
