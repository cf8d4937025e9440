//! Connects the rules of `domain` to AWS, HTTP, the clock and randomness.
//!
//! | module | content |
//! |---|---|
//! | [`serve`] | one entry point for each kind of function |
//! | [`settings`], [`host`] | environment -> settings -> clients, once per cold start |
//! | [`http`] | from bytes to typed requests, and back to responses and problems; routes |
//! | [`dynamodb`] | the table: key layout, consistent reads, conditional writes |
//! | [`connect`] | the HTTP client of all AWS calls |
//! | [`secrets`], [`rotation`] | the key ring, and its rotation |
//! | [`hasher`] | password hashes: Argon2id, and the form they are stored in |
//! | [`system`] | the real clock and randomness |
//! | [`log`], [`metrics`] | log lines and metrics |
//! | [`send`], [`stream`] | mail and SMS; the outbox's stream and its re-drive |
//! | [`delivery_events`] | bounces, complaints and undeliverable numbers |
//! | [`texts`] | every sentence a person reads |

pub mod connect;
pub mod delivery_events;
pub mod dynamodb;
pub mod hasher;
pub mod host;
pub mod http;
pub mod log;
pub mod metrics;
pub mod rotation;
pub mod secrets;
pub mod send;
pub mod serve;
pub mod settings;
pub mod stream;
pub mod system;
pub mod texts;
