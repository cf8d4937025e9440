//! The Lambda events that the functions of the API receive.

pub mod direct;
pub mod gateway;
mod screen;
