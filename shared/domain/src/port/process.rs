//! What a process gets from its surroundings: time, randomness, keys, hashes.

use crate::error::Problem;
use crate::key::{KeyId, Keys};
use crate::lockout::Fingerprint;
use crate::password::Password;
use crate::password::hash::StoredHash;
use std::future::Future;
use std::sync::Arc;

/// The secret's keys, read lazily, and again when they are some minutes old.
pub trait KeyRing: Send + Sync {
    /// The keys as they were last read; unavailable where they never were.
    fn keys(&self) -> impl Future<Output = Result<Arc<Keys>, Problem>> + Send;
    /// Keys that hold a generation. One that is unknown is asked for once
    /// more; where it stays unknown, unavailable.
    fn keys_with(&self, kid: KeyId) -> impl Future<Output = Result<Arc<Keys>, Problem>> + Send;
}

/// What a password is checked against.
pub enum HashTarget<'a> {
    Stored(&'a StoredHash),
    /// No account: the same work, and always wrong.
    Decoy([u8; 16]),
}

/// The outcome of a password check.
pub struct PasswordCheck {
    pub right: bool,
    /// Made with other parameters or an older pepper than today's.
    pub stale: bool,
    pub fingerprint: Fingerprint,
}

/// Argon2id, a bounded number at once.
pub trait PasswordHasher: Send + Sync {
    fn hash(
        &self,
        password: &Password,
        salt: [u8; 16],
    ) -> impl Future<Output = Result<StoredHash, Problem>> + Send;
    fn check(
        &self,
        target: HashTarget<'_>,
        password: &Password,
    ) -> impl Future<Output = Result<PasswordCheck, Problem>> + Send;
}
