//! The rules of self-service password reset: pure decisions, and the flows that put them in order.
//!
//! This crate calls neither AWS nor HTTP. Time and random bytes are arguments.
//!
//! | module | what it holds |
//! |---|---|
//! | [`identity`] | user IDs, handles, internal IDs and group names |
//! | [`account`] | an account: role, groups, methods, and what the policy lets it do |
//! | [`kind`], [`method`], [`methods`] | kinds of method, one method, all methods of an account |
//! | [`destination`] | mail addresses and phone numbers that a code can be sent to |
//! | [`directory`] | searching accounts by words and groups |
//! | [`policy`] | every setting of an administrator: default, range, reason |
//! | [`preview`] | accounts that a change of the policy would cut off |
//! | [`challenge`], [`code`] | a challenge and the one-time code derived from it |
//! | [`ledger`] | failed guesses, sends and live challenges of an account, and when a reset is closed |
//! | [`limit`] | waits between codes, and the messages of a day |
//! | [`source`] | the limits of a source address, over a sliding hour |
//! | [`device`] | known devices, which have a sign-in lock of their own |
//! | [`lockout`] | the lockout of sign-in after wrong passwords |
//! | [`reset`] | a reset, and whether an account may start one |
//! | [`session`], [`access`] | a session, and the routes that it may call |
//! | [`password`] | rules for a new password, and its stored hash |
//! | [`outbox`], [`notice`] | messages that wait to be sent, and the subjects of notices |
//! | [`delivery`] | the message IDs of the channels, and destinations that cannot be delivered to |
//! | [`audit`] | audit entries and support codes |
//! | [`context`] | the ID, time, source and random bytes of one request |
//! | [`idempotency`] | requests with an `Idempotency-Key`, and their recorded outcomes |
//! | [`key`], [`secret`] | keys, bearers, and types that cannot be printed |
//! | [`language`] | the languages of messages and problems |
//! | [`time`] | instants and lengths of time, in milliseconds |
//! | [`typed`] | the one cleaning step for all text that people type |
//! | [`json`] | reading a JSON object strictly |
//! | [`error`] | every problem that the API answers with |
//! | [`port`] | the interfaces that the flows need, and the guard of each write |
//! | [`flow`] | the use cases, one in each file, in a folder for each function |

#![warn(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::pedantic)]
// Pedantic lints that are off, and why.
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

pub mod access;
pub mod account;
pub mod audit;
pub mod challenge;
pub mod code;
pub mod context;
pub mod delivery;
pub mod destination;
pub mod device;
pub mod directory;
pub mod error;
pub mod flow;
pub mod held;
pub mod idempotency;
pub mod identity;
pub mod json;
pub mod key;
pub mod kind;
pub mod language;
pub mod ledger;
pub mod limit;
pub mod lockout;
pub mod method;
pub mod methods;
pub mod notice;
pub mod outbox;
pub mod password;
pub mod policy;
pub mod port;
pub mod preview;
pub mod reset;
pub mod secret;
pub mod session;
pub mod source;
pub mod time;
pub mod typed;
