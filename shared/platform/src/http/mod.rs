//! Turns Lambda events into typed requests, and results into responses.
//!
//! | module | content |
//! |---|---|
//! | [`event`] | gateway events and direct invocations |
//! | [`edge`] | middleware of every request: request context, log line, response headers |
//! | [`route`] | the route table, and the checks that each route declares |
//! | [`request`] | parts of a request that handlers read: caller, body, query, version |
//! | [`routes`] | the routes and handlers of each function |
//! | [`api`] | bodies of requests and responses |
//! | [`problem`] | bodies and statuses of problems |
//! | [`language`] | the language of a response |
//! | [`steady`] | equal times of answers |
//! | [`answer_log`] | the log line and the metrics of a response |
//! | `openapi` | the OpenAPI document, for tests only |

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
pub mod steady;
