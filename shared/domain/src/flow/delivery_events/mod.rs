//! The function `delivery-events`: what became of messages.

pub mod mark_undeliverable;
