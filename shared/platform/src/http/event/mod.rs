//! Events that a function is invoked with.

pub mod direct;
pub mod gateway;
mod screen;
