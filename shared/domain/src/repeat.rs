//! A request that its caller may send again: a double click, or an answer that
//! was lost. It is known by its `Idempotency-Key`, and what it did is written
//! down in the very transaction that did it. No secret of its answer is kept:
//! each is made from a nonce, and made again.

use crate::account::Handle;
use crate::challenge::ChallengeId;
use crate::error::ProblemCode;
use crate::key::{KeyId, Keys};
use crate::method::Kind;
use crate::port::{Call, Change, Entropy, random};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How long a repetition gets the first answer.
pub const REMEMBERED: Span = Span::hours(24);

/// What a request did, as far as its answer cannot be read from the table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    Done,
    #[serde(rename_all = "camelCase")]
    Sent {
        challenge: ChallengeId,
        resend_after: Span,
    },
    Verified(Kind),
    Refused(ProblemCode),
}

/// A request as it is remembered.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remembered {
    /// HMAC of the body: another body is another request.
    pub body: String,
    pub kid: KeyId,
    pub nonce: String,
    pub outcome: Outcome,
    pub at: Time,
    pub exp: Time,
}

/// A request that will be remembered.
#[derive(Clone)]
pub struct Repeatable {
    /// HMAC of route, credential and key.
    pub name: String,
    pub body: String,
    pub kid: KeyId,
    pub nonce: String,
    seed: Arc<crate::key::Key>,
}

impl std::fmt::Debug for Repeatable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Repeatable")
    }
}

impl Repeatable {
    /// A request of this name and body, for the first time or again. `None`
    /// where the keys of that time are gone.
    pub fn new(
        keys: &Keys,
        name: String,
        body: String,
        kid: KeyId,
        nonce: String,
    ) -> Option<Repeatable> {
        let seed = Arc::new(keys.generation(kid)?.repeats.derived(&nonce));
        Some(Repeatable { name, body, kid, nonce, seed })
    }
}

impl Call {
    /// Random bytes for a secret of the answer; the same again where the
    /// request is repeated.
    pub fn secret<const N: usize>(&self, entropy: &impl Entropy, what: &str) -> [u8; N] {
        match &self.repeatable {
            Some(repeatable) => {
                repeatable.seed.mac(&[what.as_bytes()])[..N].try_into().expect("at most 32 bytes")
            }
            None => random(entropy),
        }
    }

    /// The change that remembers what this request did. Guard: it was not done
    /// before.
    pub(crate) fn remember(&self, handle: &Handle, outcome: Outcome) -> Option<Change> {
        let Repeatable { name, body, kid, nonce, .. } = self.repeatable.as_ref()?;
        let remembered = Remembered {
            body: body.clone(),
            kid: *kid,
            nonce: nonce.clone(),
            outcome,
            at: self.now,
            exp: self.now + REMEMBERED,
        };
        Some(Change::Remember {
            handle: handle.clone(),
            name: name.clone(),
            remembered: Box::new(remembered),
        })
    }

    /// The change that says how it ended, where that was not known at once.
    pub(crate) fn conclude(&self, handle: &Handle, outcome: Outcome) -> Option<Change> {
        let name = self.repeatable.as_ref()?.name.clone();
        Some(Change::Conclude { handle: handle.clone(), name, outcome })
    }
}
