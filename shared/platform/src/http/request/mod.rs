//! What a handler takes from a request, each read before it is called.

pub mod auth;
pub mod body;
pub mod cookie;
pub mod cursor;
pub mod query;
pub mod repeat;
pub mod version;
