//! The test environment (a `World`): the real routers and flows on the real SDK, an
//! embedded DynamoDB, the stand-ins, a clock that the test moves, and a proxy that
//! records every AWS call.

mod answer;
mod ask;
pub mod caller;
pub mod contract;
pub mod delivery;
pub mod lines;
mod operator;
pub mod people;
mod process;
pub mod proxy;
pub mod ranges;
pub mod roles;
pub mod world;

pub use lines::Lines;
pub use people::Person;
pub use proxy::{Call, Fault};
pub use world::{Answer, World};
