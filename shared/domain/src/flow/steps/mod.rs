//! Steps that several use cases share.
//!
//! | module | step |
//! |---|---|
//! | [`attempts`] | read, decide and write anew when an item moved in between |
//! | [`signed_in`] | read the session and check what it may do |
//! | [`password_proof`] | check a typed password under the lock of sign-in |
//! | [`new_password`] | judge a new password |
//! | [`new_session`] | the session that an answer hands out |
//! | [`sending`] | what every request for a code has in common |
//! | [`write`] | changes that several use cases make to an account |
//! | [`revoke`] | end sessions, resets and challenges |
//! | [`messages`] | queue messages for `send-code` |
//! | [`audit_entry`] | append to the audit trail |
//! | [`idempotency`] | record what an idempotent request did |

pub(in crate::flow) mod attempts;
pub(in crate::flow) mod audit_entry;
pub mod idempotency;
pub(in crate::flow) mod messages;
pub(in crate::flow) mod new_password;
pub mod new_session;
pub(in crate::flow) mod password_proof;
pub(in crate::flow) mod revoke;
pub mod sending;
pub mod signed_in;
pub(in crate::flow) mod write;
