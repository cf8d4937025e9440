//! From an event's bytes to typed requests, and back.
//!
//! | room | what it holds |
//! |---|---|
//! | [`event`] | what the gateway hands over, and direct invocations |
//! | [`edge`] | what every request passes, and the headers of every answer |
//! | [`answer_log`] | what an answer leaves behind in the log and the metrics |
//! | [`request`] | what a handler takes: who asks, bodies, queries, versions, repetitions |
//! | [`routes`] | one file a function: which path does what |
//! | [`api`] | requests and answers as they are written |
//! | [`problem`] | refusals as they are written |
//! | `openapi` | all of it as a document, for tests |

pub mod answer_log;
pub mod api;
pub mod edge;
pub mod event;
pub mod language;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod problem;
pub mod request;
pub mod route;
pub mod routes;
