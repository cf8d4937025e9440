//! The function `delivery-events`: handles bounces, complaints and other delivery events of the
//! channels.

pub mod mark_undeliverable;
