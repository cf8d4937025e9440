//! What a process provides: keys and password hashes.

use crate::account::Account;
use crate::error::Problem;
use crate::key::{KeyId, Keys};
use crate::lockout::Fingerprint;
use crate::password::Password;
use crate::password::hash::StoredHash;
use std::future::Future;
use std::sync::Arc;

/// The keys of the secret. They are read at first use, and again when they are
/// some minutes old.
pub trait KeyRing: Send + Sync {
    /// The keys as they were last read.
    ///
    /// # Errors
    /// `unavailable` if they could never be read.
    fn keys(&self) -> impl Future<Output = Result<Arc<Keys>, Problem>> + Send;
    /// Keys that hold the generation `kid`; `None` if the secret has no such generation. A
    /// generation that may be newer than the keys makes the ring read the secret again, at most
    /// once a minute.
    ///
    /// # Errors
    /// `unavailable` if the keys could not be read in the last minute, so that the generation
    /// may exist.
    fn keys_with(
        &self,
        kid: KeyId,
    ) -> impl Future<Output = Result<Option<Arc<Keys>>, Problem>> + Send;
}

/// What a password is checked against.
pub enum HashTarget<'a> {
    /// The hash of a password that the owner of an account chose.
    Stored(&'a StoredHash),
    /// The hash of a temporary password, whose spelling does not count.
    Temporary(&'a StoredHash),
    /// A salt, where no account exists. The check does the same work, and the
    /// password is always wrong.
    Decoy([u8; 16]),
}

impl<'a> HashTarget<'a> {
    /// What the password of an account is checked against. Every check computes one hash: the
    /// account alone decides whether the password is read as a temporary one.
    pub fn of(account: &'a Account) -> HashTarget<'a> {
        match account.temporary_until {
            Some(_) => HashTarget::Temporary(&account.hash),
            None => HashTarget::Stored(&account.hash),
        }
    }
}

/// The outcome of a password check.
pub struct PasswordCheck {
    /// Whether the password is right.
    pub right: bool,
    /// Whether the hash was made with other parameters or an older pepper than
    /// those in use, and should be replaced.
    pub stale: bool,
    /// Recognises the same wrong password when it is typed again in the same spelling.
    pub fingerprint: Fingerprint,
}

/// Computes Argon2id hashes, a bounded number at once.
pub trait PasswordHasher: Send + Sync {
    /// The hash of a password, to be stored.
    ///
    /// # Errors
    /// `unavailable` if the hash cannot be computed now.
    fn hash(
        &self,
        password: &Password,
        salt: [u8; 16],
    ) -> impl Future<Output = Result<StoredHash, Problem>> + Send;
    /// Compares a password with a stored hash, or does the same work for a decoy.
    ///
    /// # Errors
    /// `unavailable` if the hash cannot be computed now.
    fn check(
        &self,
        target: HashTarget<'_>,
        password: &Password,
    ) -> impl Future<Output = Result<PasswordCheck, Problem>> + Send;
}
