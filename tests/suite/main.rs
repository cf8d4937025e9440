//! Stories, races and rules over the real parts, in one binary.

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
