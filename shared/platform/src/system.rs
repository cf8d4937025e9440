//! The real clock, the real randomness, and Argon2id.

use crate::secrets::SecretRing;
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use domain::context::{Clock, Entropy};
use domain::error::Problem;
use domain::key::{KeyId, Keys};
use domain::password::Password;
use domain::password::hash::StoredHash;
use domain::port::{HashTarget, KeyRing, PasswordCheck, PasswordHasher};
use domain::time::Time;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Time {
        Time(jiff::Timestamp::now().as_millisecond())
    }
}

pub struct OsEntropy;

impl Entropy for OsEntropy {
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system gives random bytes");
    }
}

/// Memory in KiB, passes and lanes of a new hash (OWASP password storage).
const COST: (u32, u32, u32) = (19_456, 2, 1);
const OUTPUT: usize = 32;
const SALT: usize = 16;
/// Hashes computed at once in one process: each takes 19 MiB.
pub const HASHES_AT_ONCE: usize = 4;

/// Blocking work, a bounded number of it at once; the rest waits its turn.
#[derive(Clone)]
pub struct Bounded(Arc<Semaphore>);

impl Bounded {
    pub fn new(at_once: usize) -> Bounded {
        Bounded(Arc::new(Semaphore::new(at_once)))
    }

    /// Does the work; `None` where it panicked. The place is the work's, not
    /// the caller's: one who no longer waits does not make room for another.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = self.0.clone().acquire_owned().await.ok()?;
        let work = move || {
            let _place = place;
            work()
        };
        tokio::task::spawn_blocking(work).await.ok()
    }
}

/// Argon2id, keyed with a pepper that is not in the table.
pub struct Argon2Hasher {
    ring: Arc<SecretRing>,
    hashes: Bounded,
}

/// A stored hash taken apart: `kid$m,t,p$salt$hash`.
struct Parts {
    kid: KeyId,
    cost: (u32, u32, u32),
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Parts {
    fn parse(stored: &StoredHash) -> Option<Parts> {
        let mut fields = stored.as_stored().strip_prefix("argon2id$")?.split('$');
        let kid = fields.next()?.parse().ok()?;
        let mut cost = fields.next()?.split(',').map(|n| n.parse::<u32>().ok());
        let cost = (cost.next()??, cost.next()??, cost.next()??);
        let salt = BASE64.decode(fields.next()?).ok()?;
        let hash = BASE64.decode(fields.next()?).ok()?;
        Some(Parts { kid, cost, salt, hash })
    }

    fn store(&self) -> StoredHash {
        let (m, t, p) = self.cost;
        StoredHash::new(format!(
            "argon2id${}${m},{t},{p}${}${}",
            self.kid,
            BASE64.encode(&self.salt),
            BASE64.encode(&self.hash)
        ))
    }
}

impl Argon2Hasher {
    pub fn new(ring: Arc<SecretRing>) -> Argon2Hasher {
        Argon2Hasher { ring, hashes: Bounded::new(HASHES_AT_ONCE) }
    }

    async fn compute(
        &self,
        keys: Arc<Keys>,
        kid: KeyId,
        cost: (u32, u32, u32),
        salt: Vec<u8>,
        password: &Password,
    ) -> Result<[u8; OUTPUT], Problem> {
        let password = domain::secret::SecretBytes::new(password.expose().to_vec());
        let hash = move || {
            let generation = keys.generation(kid)?;
            let params = Params::new(cost.0, cost.1, cost.2, Some(OUTPUT)).ok()?;
            let argon2 = Argon2::new_with_secret(
                generation.pepper.expose(),
                Algorithm::Argon2id,
                Version::V0x13,
                params,
            )
            .ok()?;
            let mut out = [0; OUTPUT];
            argon2.hash_password_into(&password, &salt, &mut out).ok()?;
            Some(out)
        };
        self.hashes.run(hash).await.flatten().ok_or_else(Problem::unavailable)
    }
}

impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password, salt: [u8; 16]) -> Result<StoredHash, Problem> {
        let keys = self.ring.keys().await?;
        let kid = keys.current().kid;
        let hash = self.compute(keys, kid, COST, salt.to_vec(), password).await?;
        Ok(Parts { kid, cost: COST, salt: salt.to_vec(), hash: hash.to_vec() }.store())
    }

    async fn check(
        &self,
        target: HashTarget<'_>,
        password: &Password,
    ) -> Result<PasswordCheck, Problem> {
        let mut keys = self.ring.keys().await?;
        let stored = match target {
            HashTarget::Stored(stored) => Parts::parse(stored),
            HashTarget::Decoy(_) => None,
        };
        // Hashed by a process that has newer keys: read them, or do not judge.
        if let Some(parts) = stored.as_ref().filter(|parts| keys.may_follow(parts.kid)) {
            keys = self.ring.keys_with(parts.kid).await?;
        }
        let current = keys.current().kid;
        let decoy = |salt: Vec<u8>| Parts { kid: current, cost: COST, salt, hash: Vec::new() };
        let parts = match target {
            // A hash that cannot be read, or whose pepper was taken out, fits
            // no password: the same work, so that nobody sees a difference.
            HashTarget::Stored(_) => {
                stored.filter(|parts| keys.generation(parts.kid).is_some()).unwrap_or_else(|| {
                    tracing::error!(event = "hashUnusable", outcome = "signInFailed");
                    decoy(vec![0; SALT])
                })
            }
            HashTarget::Decoy(salt) => decoy(salt.to_vec()),
        };
        let hash = self.compute(keys, parts.kid, parts.cost, parts.salt, password).await?;
        Ok(PasswordCheck {
            right: bool::from(hash.ct_eq(parts.hash.as_slice())),
            // A newer pepper than ours is of a process that read the keys later.
            stale: parts.kid < current || parts.cost != COST,
            fingerprint: Sha256::digest(hash)[..4].try_into().expect("4 of 32 bytes"),
        })
    }
}
