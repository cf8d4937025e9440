//! From the bytes of an event to typed requests, and back to a response.
//!
//! | module | content |
//! |---|---|
//! | [`event`] | events of the gateway, and direct invocations |
//! | [`edge`] | steps before and after every request: its context, its log line, headers |
//! | [`route`] | a route's row, and the checks that it declares |
//! | [`request`] | what handlers read: the caller, bodies, queries, versions, idempotency |
//! | [`routes`] | the routes and handlers of each function |
//! | [`api`] | bodies of requests and responses |
//! | [`problem`] | bodies and statuses of problems |
//! | [`language`] | the language of a response |
//! | [`answer_log`] | the log line and the metrics of a response |
//! | `openapi` | the API as a document, for tests only |

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
