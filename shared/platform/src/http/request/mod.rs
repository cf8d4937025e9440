//! The parts of a request that handlers read. Each is an axum extractor, so that an invalid
//! request never reaches a handler.

pub mod auth;
pub mod body;
pub mod cookie;
pub mod cursor;
pub mod device;
pub mod hand_out;
pub mod idempotency;
pub mod media_type;
pub mod names;
pub mod query;
pub mod version;
