//! One file for each function: its routes, their handlers and responses, and their
//! descriptions in the API document.

pub mod directory;
pub mod policy;
pub mod portal;
pub mod registration;
pub mod reset;
pub mod sign_in;
pub mod verify;

use super::route::Routes;

/// The routes of all functions that serve the API, for the API document and tests. A
/// function names only its own routes: this list would link all handlers into it.
pub const API: [fn() -> Routes; 6] = [
    policy::routes,
    directory::routes,
    sign_in::routes,
    registration::routes,
    reset::routes,
    verify::routes,
];
