//! From bytes to typed requests and back. One file of routes a function.

pub mod api;
pub mod auth;
pub mod body;
pub mod cookie;
pub mod cursor;
pub mod direct;
pub mod directory;
pub mod edge;
pub mod gateway;
pub mod log;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod policy;
pub mod problem;
mod query;
pub mod registration;
pub mod repeat;
pub mod reset;
pub mod sign_in;
pub mod standing;
pub mod verify;
