//! The function `send-code`: messages of the outbox.
//!
//! [`judge`] decides whether a code still makes sense and where it goes,
//! [`charge`] what it costs, [`claim_code`] takes its row, and
//! [`administrators`] tells other administrators.

mod administrators;
mod charge;
mod claim_code;
pub mod deliver;
mod judge;
pub mod measure;
pub mod redrive;
mod row;
