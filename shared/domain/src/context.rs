//! What one request carries through every flow: its ID, its time, its source,
//! and its randomness.

use crate::access::Access;
use crate::audit::SupportCode;
use crate::idempotency::IdempotentRequest;
use crate::time::Time;
use std::sync::Arc;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Time;
}

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Overwrites `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// `N` random bytes from a source.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}

/// One request. Every flow takes it as one value.
#[derive(Clone)]
pub struct RequestContext {
    /// The request's ID: unique, and in every log line of the request.
    pub id: String,
    /// The only time that the request decides by.
    pub now: Time,
    /// Who may call the route; a session is checked against it when it is read.
    pub access: Access,
    /// The caller's address as it is counted: IPv4 whole, IPv6 by its /64.
    pub source: String,
    /// How many resets, and how many sends, one source may start per clock hour.
    pub source_limit: u32,
    /// Set where the request has an `Idempotency-Key`.
    pub idempotency: Option<IdempotentRequest>,
    /// Where the request's random bytes come from.
    pub entropy: Arc<dyn Entropy>,
}

impl RequestContext {
    /// The support code of this request, for a request outside a reset.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.id)
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        random(&*self.entropy)
    }

    /// Bytes for a secret in the answer, named by `what`. A repetition of an
    /// idempotent request gets the same bytes, so its answer is the same and
    /// the secret is never stored.
    pub fn secret<const N: usize>(&self, what: &str) -> [u8; N] {
        match &self.idempotency {
            Some(request) => request.secret(what),
            None => self.random(),
        }
    }
}
