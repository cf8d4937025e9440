//! Routes, one file a function: its rows, its handlers, and what the API
//! document says of each.

pub mod directory;
pub mod policy;
pub mod portal;
pub mod registration;
pub mod reset;
pub mod sign_in;
pub mod verify;

use super::route::Routes;

/// The routes of each function that serves the API. A function uses its own
/// only: this list would link the handlers of all.
pub const API: [fn() -> Routes; 6] = [
    policy::routes,
    directory::routes,
    sign_in::routes,
    registration::routes,
    reset::routes,
    verify::routes,
];
