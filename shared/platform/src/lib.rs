//! Connects the rules of `domain` to AWS, HTTP, the clock and randomness.
//!
//! | module | content |
//! |---|---|
//! | [`serve`] | one entry point for each kind of function |
//! | [`settings`], [`host`] | settings and clients, from the environment, once per cold start |
//! | [`http`] | Lambda events to typed requests, results to responses; the routes |
//! | [`dynamodb`] | the table: key layout, consistent reads, conditional writes |
//! | [`connect`] | the HTTP client of all calls |
//! | [`secrets`], [`rotation`] | the key ring, and its rotation |
//! | [`hasher`] | password hashes: Argon2id, and their stored format |
//! | [`breached`] | the service for breached passwords, if there is one |
//! | [`system`] | the real clock and randomness |
//! | [`log`], [`metrics`] | log lines and metrics |
//! | [`send`], [`stream`] | mail and SMS; the outbox stream and the re-drive |
//! | [`delivery_events`] | bounces, complaints and undeliverable numbers |
//! | [`texts`] | every sentence that people read |

#![warn(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::pedantic)]
// Pedantic lints that are off, and why.
#![allow(clippy::option_option, reason = "a merge patch tells `null` from an absent field")]
#![allow(clippy::zero_sized_map_values, reason = "only the names of the fields are read")]
#![allow(clippy::format_push_string, reason = "a mail is rendered once, plainly")]
#![allow(
    clippy::must_use_candidate,
    reason = "most functions here return a value and do nothing else"
)]
#![allow(clippy::return_self_not_must_use, reason = "builders are used where they are made")]
#![allow(clippy::match_bool, reason = "two arms show both outcomes side by side")]
#![allow(clippy::doc_markdown, reason = "DynamoDB and OpenAPI are words here, not code")]
#![allow(
    clippy::missing_errors_doc,
    reason = "a flow's errors are problems, which the API document lists"
)]
#![allow(clippy::missing_panics_doc, reason = "an `expect` names what cannot happen")]
#![allow(clippy::similar_names, reason = "`id` and `uid` are the terms")]
#![allow(clippy::struct_field_names, reason = "fields are named as the API names them")]
#![allow(clippy::too_many_lines, reason = "a table is read from top to bottom")]
#![allow(clippy::needless_pass_by_value, reason = "a handler takes what it consumes")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    reason = "counts and times here are far below the limits of their types"
)]

pub mod breached;
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
