//! The Lambda events that the functions of the API receive.

pub mod direct;
pub mod gateway;
pub mod recover;
mod screen;
