//! The function `send-code`: sends the messages of the outbox.
//!
//! | module | step |
//! |---|---|
//! | [`deliver`] | handle one outbox row from its read to its end |
//! | [`row`] | decide whether a row may be tried; claim, send and close it |
//! | [`judge`] | decide whether a code is still to be sent, and where |
//! | [`charge`] | the limits that a message is charged to |
//! | [`claim_code`] | claim the row of a code and charge its limits in one write |
//! | [`spread`] | queue a notice to each other administrator, or to each mail address of the owner |
//! | [`redrive`] | handle again what was not sent |
//! | [`measure`] | count the messages that wait |

mod charge;
mod claim_code;
pub mod deliver;
mod judge;
pub mod measure;
pub mod redrive;
mod row;
mod spread;
