//! Requests with an `Idempotency-Key`, which their caller may send again after
//! a double click or a lost answer.
//!
//! The outcome is recorded in the transaction that did the work. No secret of
//! the answer is stored: it is derived from a recorded nonce, and derived again
//! for a repetition.

use crate::challenge::ChallengeId;
use crate::error::ProblemCode;
use crate::key::{Key, KeyId, Keys};
use crate::kind::Kind;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a repetition gets the first answer.
pub const IDEMPOTENCY_WINDOW: Span = Span::hours(24);

/// What a request did, as far as its answer cannot be read from the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// Everything that the answer needs is in the table.
    Done,
    /// A challenge was issued.
    #[serde(rename_all = "camelCase")]
    Sent {
        /// The challenge that was issued.
        challenge: ChallengeId,
        /// How long the caller must wait before asking for another.
        resend_after: Span,
    },
    /// A code was accepted for a method of this kind.
    Verified(Kind),
    /// The request was refused with this problem.
    Refused(ProblemCode),
}

/// The stored record of an idempotent request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyRecord {
    /// HMAC of the body: the same key with another body is refused.
    pub body: String,
    /// Generation of the key that derives the answer's secrets.
    pub kid: KeyId,
    /// What the answer's secrets are derived from.
    pub nonce: String,
    /// What the request did.
    pub outcome: Outcome,
    /// When it was first done.
    pub at: Time,
    /// When the record stops counting.
    pub exp: Time,
}

/// A request whose outcome will be recorded.
#[derive(Clone)]
pub struct IdempotentRequest {
    /// HMAC of route, credential and key: the name of the record.
    pub name: String,
    /// HMAC of the body.
    pub body: String,
    /// Generation of the key that derives the answer's secrets.
    pub kid: KeyId,
    /// What the answer's secrets are derived from.
    pub nonce: String,
    seed: Arc<Key>,
}

impl IdempotentRequest {
    /// A request of this name and body, done for the first time or repeated.
    /// `None` where the keys of its generation are gone.
    pub fn new(
        keys: &Keys,
        name: String,
        body: String,
        kid: KeyId,
        nonce: String,
    ) -> Option<IdempotentRequest> {
        let seed = Arc::new(keys.generation(kid)?.idempotency.derived(&nonce));
        Some(IdempotentRequest { name, body, kid, nonce, seed })
    }

    /// At most 32 bytes for a secret named `what`: the same for each repetition.
    pub(crate) fn secret<const N: usize>(&self, what: &str) -> [u8; N] {
        self.seed.mac(&[what.as_bytes()])[..N].try_into().expect("at most 32 bytes")
    }
}
