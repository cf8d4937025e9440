//! What a handler takes from a request, each read before it is called.

pub mod auth;
pub mod body;
pub mod cookie;
pub mod cursor;
pub mod idempotency;
pub mod names;
pub mod query;
pub mod version;
