//! Integration tests of whole stories, races and rules with the real parts, in one binary.

// Stories nest futures deeply: each step is a future inside another.
#![recursion_limit = "256"]

mod accounts;
mod attacks;
mod devices;
mod house;
mod ledgers;
mod messages;
mod numbers;
mod policies;
mod reset;
mod session;
mod strict;
mod trouble;
mod typed;
