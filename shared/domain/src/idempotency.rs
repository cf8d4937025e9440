//! Requests with an `Idempotency-Key`, which the caller may repeat after a double click or a
//! lost answer.
//!
//! The transaction that does the work also records the outcome. Secrets in the answer are not
//! stored: they are derived from a recorded nonce, and derived again for a repeated request.

use crate::challenge::ChallengeId;
use crate::error::ProblemCode;
use crate::key::{Key, KeyId, Keys};
use crate::kind::Kind;
use crate::ledger::Stamp;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The period in which a repeated request gets the first answer.
pub const IDEMPOTENCY_WINDOW: Span = Span::hours(24);

/// The outcome of a request: the part of its answer that cannot be read from the table.
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
        /// The time that the caller must wait before asking for another code.
        resend_after: Span,
    },
    /// A guess at a code was charged as this stamp. The code is compared again for a repeated
    /// request.
    Guessed(Stamp),
    /// A code was accepted for a method of this kind.
    Verified(Kind),
    /// The request was refused with this problem.
    Refused(ProblemCode),
}

/// The stored record of an idempotent request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyRecord {
    /// HMAC of the request body. The same key with another body is refused.
    pub body: String,
    /// Generation of the key that derives the answer's secrets.
    pub kid: KeyId,
    /// The nonce that the answer's secrets are derived from.
    pub nonce: String,
    /// The outcome of the request.
    pub outcome: Outcome,
    /// When the request was first handled.
    pub at: Time,
    /// When the record expires.
    pub exp: Time,
}

/// A request whose outcome will be recorded.
#[derive(Clone)]
pub struct IdempotentRequest {
    /// The name of the record: HMAC of the route, the credential and the `Idempotency-Key`.
    pub name: String,
    /// HMAC of the body.
    pub body: String,
    /// Generation of the key that derives the answer's secrets.
    pub kid: KeyId,
    /// The nonce that the answer's secrets are derived from.
    pub nonce: String,
    seed: Arc<Key>,
}

impl IdempotentRequest {
    /// Describes a request with this name and body: the first one or a repetition. `None` if `keys` do not
    /// hold the generation `kid`.
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

    /// Derives at most 32 bytes for a secret named `what`. A repeated request gets the same bytes.
    pub(crate) fn secret<const N: usize>(&self, what: &str) -> [u8; N] {
        self.seed.mac(&[what.as_bytes()])[..N].try_into().expect("at most 32 bytes")
    }
}
