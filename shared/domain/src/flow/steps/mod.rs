//! Steps that several use cases share.
//!
//! | module | step |
//! |---|---|
//! | [`attempts`] | read, decide and write again when an item changed in between |
//! | [`signed_in`] | read the session and check that it may call the route |
//! | [`password_proof`] | check a typed password, and count a wrong one |
//! | [`devices`] | whether a device is known, and issuing a new one |
//! | [`new_password`] | check a new password against the rules |
//! | [`new_session`] | the new session in an answer |
//! | [`sending`] | the answer to a request for a code, and its refusals |
//! | [`source`] | the limits of the source address |
//! | [`temporary`] | generate and hash a temporary password |
//! | [`write`] | save an account, replace a session, update index rows |
//! | [`unlock`] | clear the lock of sign-in and the failed guesses |
//! | [`messages`] | queue messages for `send-code` |
//! | [`attempts_notice`] | tell the owner that someone tries to get into the account |
//! | [`audit_entry`] | append to the audit trail |
//! | [`idempotency`] | record the outcome of an idempotent request |

pub(in crate::flow) mod attempts;
pub(in crate::flow) mod attempts_notice;
pub(in crate::flow) mod audit_entry;
pub(in crate::flow) mod devices;
pub mod idempotency;
pub(in crate::flow) mod messages;
pub(in crate::flow) mod new_password;
pub mod new_session;
pub(in crate::flow) mod password_proof;
pub mod sending;
pub mod signed_in;
pub(in crate::flow) mod source;
pub mod temporary;
pub(in crate::flow) mod unlock;
pub(in crate::flow) mod write;
