//! The context of one request: its ID, its time, its source, and its random bytes.

use crate::access::Access;
use crate::audit::SupportCode;
use crate::device::SentDevices;
use crate::idempotency::IdempotentRequest;
use crate::source::SourceLimits;
use crate::time::Time;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// A source of the current time.
pub trait Clock: Send + Sync {
    /// Returns the current time.
    fn now(&self) -> Time;
    /// Waits as long as this.
    fn wait(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A source of random bytes.
pub trait Entropy: Send + Sync {
    /// Overwrites `out` with random bytes.
    fn fill(&self, out: &mut [u8]);
}

/// Returns `N` random bytes from a source.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}

/// The context of one request. Every flow takes one.
#[derive(Clone)]
pub struct RequestContext {
    /// The request's ID: unique, and in every log line of the request.
    pub id: String,
    /// The time of the request. Every decision of the request uses it.
    pub now: Time,
    /// The callers that the route admits. A session is checked against this when it is read.
    pub access: Access,
    /// The caller's network address, as requests are counted by it: an IPv4 address, or the /64
    /// prefix of an IPv6 address.
    pub source: String,
    /// The most requests that one network address may make in an hour.
    pub source_limits: SourceLimits,
    /// Set if the request has an `Idempotency-Key`.
    pub idempotency: Option<IdempotentRequest>,
    /// The device tokens of the request.
    pub devices: SentDevices,
    /// The source of the request's random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl RequestContext {
    /// The support code of this request. A request in a reset uses that of the reset
    /// instead.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.id)
    }

    /// Returns `N` random bytes.
    pub fn random<const N: usize>(&self) -> [u8; N] {
        random(&*self.entropy)
    }

    /// Returns `N` bytes for the secret in the answer that `what` names. A repeated idempotent
    /// request gets the same bytes, so it gets the same answer without the secret being stored.
    pub fn secret<const N: usize>(&self, what: &str) -> [u8; N] {
        match &self.idempotency {
            Some(request) => request.secret(what),
            None => self.random(),
        }
    }
}
