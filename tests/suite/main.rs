//! Stories, races and rules over the real parts, in one binary.

// Stories are deep: each step is a future within another.
#![recursion_limit = "256"]

mod accounts;
mod attacks;
mod house;
mod messages;
mod numbers;
mod policies;
mod reset;
mod session;
mod strict;
mod trouble;
