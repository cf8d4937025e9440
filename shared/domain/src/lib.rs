//! The rules of self-service password reset: pure values, and the flows that
//! put them in order. No AWS, no HTTP, no clock and no randomness of its own.
//!
//! | module | what it decides |
//! |---|---|
//! | [`policy`] | every number an administrator sets: default, range, reason |
//! | [`preview`] | whom a change of the policy would cut off |
//! | [`limit`] | the ledger: guesses, sends, waits, and when reset is closed |
//! | [`account`], [`method`] | who somebody is, and where a code may go |
//! | [`directory`] | what an account is found by |
//! | [`challenge`], [`code`] | one code sent for one purpose |
//! | [`reset`], [`session`], [`lockout`] | what a bearer may do, and until when |
//! | [`password`] | which passwords are taken |
//! | [`audit`], [`notice`], [`outbox`] | what is written down, and what is told |
//! | [`delivery`] | what became of a message, and addresses that they come back from |
//! | [`repeat`] | a request that may come again, and gets its first answer |
//! | [`key`], [`secret`] | keys, bearers, and types that cannot be printed |
//! | [`port`] | what the flows need from the world, and the guard of each write |
//! | [`flow`] | one use case a file, readable aloud |
//! | [`time`] | moments and spans, in milliseconds |
//! | [`error`] | every problem a caller can be told |
//! | [`json`] | how a value is written |

pub mod access;
pub mod account;
pub mod audit;
pub mod challenge;
pub mod code;
pub mod context;
pub mod delivery;
pub mod destination;
pub mod directory;
pub mod error;
pub mod flow;
pub mod idempotency;
pub mod identity;
pub mod json;
pub mod key;
pub mod kind;
pub mod language;
pub mod limit;
mod line;
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
pub mod time;
