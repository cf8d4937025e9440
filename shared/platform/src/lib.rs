//! The world around the rules: AWS, HTTP, time and randomness.
//!
//! | module | what it holds |
//! |---|---|
//! | [`settings`], [`host`] | environment -> settings -> clients, once per cold start |
//! | [`http`] | bytes to typed requests, problems, bearers, routes |
//! | [`dynamodb`] | the table: its layout, one consistent read, one conditional write |
//! | [`connect`] | how an AWS service is reached |
//! | [`secrets`], [`rotation`], [`system`] | keys and those that follow; clock, randomness |
//! | [`hasher`] | password hashes: Argon2id, and the form they are stored in |
//! | [`log`], [`metrics`] | one line an event, and what is counted |
//! | [`send`], [`stream`] | channels and their texts; the outbox's stream and its re-drive |
//! | [`delivery_events`] | what the channels say of a message later |
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
