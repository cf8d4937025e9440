//! Hashes and checks passwords with Argon2id.
//!
//! A stored hash is a string in the PHC format, with the ID of its pepper:
//! `$argon2id$v=19$m=19456,t=2,p=1,keyid=AAE$salt$hash`.

use crate::secrets::SecretRing;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, ParamsBuilder, Version};
use domain::error::Problem;
use domain::key::{KeyId, Keys};
use domain::password::Password;
use domain::password::hash::StoredHash;
use domain::port::{HashTarget, KeyRing, PasswordCheck, PasswordHasher};
use domain::secret::SecretBytes;
use sha2::{Digest, Sha256};
use std::mem::take;
use std::sync::{Arc, Mutex, PoisonError};
use subtle::ConstantTimeEq;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroize;

/// The memory of a new hash in KiB, and the most that a stored hash may require (OWASP
/// password storage).
const MEMORY: u32 = 19_456;
/// The number of passes over that memory for a new hash.
const PASSES: u32 = 2;
/// The most passes that a stored hash may require: the most that OWASP lists.
const MOST_PASSES: u32 = 5;
/// The number of lanes of every hash: OWASP lists no other number.
const LANES: u32 = 1;
/// The length of a hash in bytes.
const OUTPUT: usize = 32;
/// The length of a new salt in bytes.
const SALT: usize = 16;
/// The number of hashes that one process computes at once. Each uses a buffer of 19 MiB, so
/// two stay below 64 MB together with the process itself. On Lambda a process serves one
/// request at a time, and so allocates one buffer.
pub const HASHES_AT_ONCE: usize = 2;

/// A limited number of memory buffers for Argon2. Each is allocated when it is first
/// needed, overwritten with zeros after each hash, and then reused.
#[derive(Clone)]
pub struct Buffers {
    permits: Arc<Semaphore>,
    free: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Buffers {
    /// Creates a set of at most `at_once` buffers, none of them allocated yet.
    pub fn new(at_once: usize) -> Buffers {
        Buffers { permits: Arc::new(Semaphore::new(at_once)), free: Arc::default() }
    }

    /// Waits for a free buffer, then runs `work` with it on a blocking thread. The buffer
    /// is filled with zeros. Returns `None` if the work panicked. The buffer belongs to the
    /// work: a cancelled caller does not free it early.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut [Block]) -> T + Send + 'static,
    ) -> Option<T> {
        let permit = self.permits.clone().acquire_owned().await.ok()?;
        let blocks = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let blocks = blocks.unwrap_or_else(|| vec![Block::new(); MEMORY as usize]);
        let mut buffer = Buffer { blocks, free: self.free.clone(), _permit: permit };
        tokio::task::spawn_blocking(move || work(&mut buffer.blocks)).await.ok()
    }
}

/// A buffer in use. Dropping it overwrites it with zeros and makes it available again.
struct Buffer {
    blocks: Vec<Block>,
    free: Arc<Mutex<Vec<Vec<Block>>>>,
    /// Released after the buffer is returned, since fields are dropped last.
    _permit: OwnedSemaphorePermit,
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.blocks.iter_mut().zeroize();
        self.free.lock().unwrap_or_else(PoisonError::into_inner).push(take(&mut self.blocks));
    }
}

/// The parameters of a hash, and its output.
struct Hash {
    /// The key generation whose pepper is used.
    kid: KeyId,
    params: Params,
    salt: Salt,
    /// The hash, or `None` for one that matches no password.
    output: Option<Output>,
}

impl Hash {
    /// Creates a hash with the current parameters and this memory, before it is computed.
    fn new(kid: KeyId, salt: [u8; SALT], memory: u32) -> Hash {
        let keyid = argon2::KeyId::new(&kid.to_be_bytes()).expect("two of at most eight bytes");
        let mut params = ParamsBuilder::new();
        params.m_cost(memory).t_cost(PASSES).p_cost(LANES).output_len(OUTPUT).keyid(keyid);
        Hash {
            kid,
            params: params.build().expect("constants in their ranges"),
            salt: Salt::new(&salt).expect("16 of 8 to 48 bytes"),
            output: None,
        }
    }

    /// Reads a stored hash. Returns `None` for any other text, and for parameters out of
    /// range: a damaged item must not cost more memory or time than a valid one.
    fn parse(stored: &StoredHash) -> Option<Hash> {
        let phc = PasswordHash::new(stored.as_stored()).ok()?;
        let params = Params::try_from(&phc).ok()?;
        let readable = phc.algorithm == ARGON2ID_IDENT
            && phc.version == Some(Version::V0x13.into())
            && params.m_cost() <= MEMORY
            && params.t_cost() <= MOST_PASSES
            && params.p_cost() == LANES
            && params.data().is_empty()
            && params.output_len() == Some(OUTPUT);
        let kid = KeyId::from_be_bytes(params.keyid().try_into().ok()?);
        readable.then_some(Hash { kid, params, salt: phc.salt?, output: phc.hash })
    }

    fn store(self) -> StoredHash {
        let phc = PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(&self.params).expect("parameters fit in a PHC string"),
            salt: Some(self.salt),
            hash: self.output,
        };
        StoredHash::new(phc.to_string())
    }

    /// Whether the memory, passes and lanes equal those of a new hash of this memory.
    fn has_cost(&self, memory: u32) -> bool {
        let cost = (self.params.m_cost(), self.params.t_cost(), self.params.p_cost());
        cost == (memory, PASSES, LANES)
    }
}

/// A hasher that uses Argon2id with a pepper that is not stored in the table.
pub struct Argon2Hasher {
    ring: Arc<SecretRing>,
    buffers: Buffers,
    /// The memory of a new hash in KiB.
    memory: u32,
}

impl Argon2Hasher {
    /// Creates a hasher with the peppers of this key ring.
    pub fn new(ring: Arc<SecretRing>) -> Argon2Hasher {
        Argon2Hasher { ring, buffers: Buffers::new(HASHES_AT_ONCE), memory: MEMORY }
    }

    /// Creates a hasher for tests: new hashes use this memory, in KiB (8 to 19,456).
    #[must_use]
    pub fn with_memory(self, memory: u32) -> Argon2Hasher {
        Argon2Hasher { memory, ..self }
    }

    async fn compute(
        &self,
        keys: Arc<Keys>,
        hash: &Hash,
        password: &Password,
    ) -> Result<[u8; OUTPUT], Problem> {
        let password = SecretBytes::new(password.expose().to_vec());
        let (kid, params, salt) = (hash.kid, hash.params.clone(), hash.salt);
        let compute = move |memory: &mut [Block]| {
            let pepper = keys.generation(kid)?.pepper.expose();
            let argon2 =
                Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
                    .ok()?;
            let mut out = [0; OUTPUT];
            argon2.hash_password_into_with_memory(&password, &salt, &mut out, memory).ok()?;
            Some(out)
        };
        self.buffers.run(compute).await.flatten().ok_or_else(Problem::unavailable)
    }
}

impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password, salt: [u8; SALT]) -> Result<StoredHash, Problem> {
        let keys = self.ring.keys().await?;
        let hash = Hash::new(keys.current().kid, salt, self.memory);
        let output = self.compute(keys, &hash, password).await?;
        let output = Output::new(&output).expect("32 of 10 to 64 bytes");
        Ok(Hash { output: Some(output), ..hash }.store())
    }

    async fn check(
        &self,
        target: HashTarget<'_>,
        password: &Password,
    ) -> Result<PasswordCheck, Problem> {
        let mut keys = self.ring.keys().await?;
        let stored = match target {
            HashTarget::Stored(stored) | HashTarget::Temporary(stored) => Hash::parse(stored),
            HashTarget::Decoy(_) => None,
        };
        // A process with newer keys made the hash: read those keys, or fail.
        if let Some(hash) = stored.as_ref().filter(|hash| keys.may_follow(hash.kid)) {
            keys = self.ring.keys_with(hash.kid).await?.ok_or_else(Problem::unavailable)?;
        }
        let current = keys.current().kid;
        let expected = match target {
            // A hash that cannot be read, or whose pepper was removed, matches no password.
            // It is computed all the same, so that the time reveals nothing.
            HashTarget::Stored(_) | HashTarget::Temporary(_) => {
                stored.filter(|hash| keys.generation(hash.kid).is_some()).unwrap_or_else(|| {
                    tracing::error!(event = "hashUnusable", outcome = "signInFailed");
                    Hash::new(current, [0; SALT], self.memory)
                })
            }
            HashTarget::Decoy(salt) => Hash::new(current, salt, self.memory),
        };
        // Made for every check, so that the time does not tell a temporary password.
        let dictated = password.dictated();
        let spelled = match target {
            HashTarget::Temporary(_) => &dictated,
            HashTarget::Stored(_) | HashTarget::Decoy(_) => password,
        };
        let output = self.compute(keys, &expected, spelled).await?;
        // Of the text as it was typed too: otherwise two spellings of a wrong password would count
        // once for an account with a temporary password, and twice for all others.
        let typed = Sha256::new().chain_update(output).chain_update(password.expose()).finalize();
        let wanted: &[u8] = expected.output.as_ref().map_or(&[], Output::as_bytes);
        Ok(PasswordCheck {
            right: output.ct_eq(wanted).into(),
            // A hash with a newer pepper is kept: a process that read the keys later made it.
            stale: expected.kid < current || !expected.has_cost(self.memory),
            fingerprint: typed[..4].try_into().expect("4 of 32 bytes"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "$argon2id$v=19$m=19456,t=2,p=1,keyid=AAE$0f1k1xyJc8Sf5s3vNkBtGA$uNl9SWp93wwnRoYRlWE/YOp5xoYbthjaRUZuGTCxi14";

    fn parse(text: &str) -> Option<Hash> {
        Hash::parse(&StoredHash::new(text.to_owned()))
    }

    #[test]
    fn a_stored_hash_reads_back_as_it_was_written() {
        let hash = parse(GOOD).expect("as the test made it");
        assert_eq!(hash.kid, 1);
        assert!(hash.has_cost(MEMORY));
        assert_eq!(hash.store().as_stored(), GOOD);
        let unmade = Hash::new(258, [7; SALT], MEMORY);
        assert_eq!(unmade.params.keyid(), [1, 2]);
        assert_eq!(unmade.params.block_count(), MEMORY as usize, "the buffer is large enough");
    }

    #[test]
    fn parameters_up_to_the_bounds_are_read() {
        for params in ["m=8,t=1,p=1", "m=19455,t=2,p=1", "m=19456,t=5,p=1"] {
            let hash =
                parse(&GOOD.replace("m=19456,t=2,p=1", params)).expect("as the test made it");
            assert!(!hash.has_cost(MEMORY), "{params}");
        }
    }

    #[test]
    fn a_damaged_or_costly_hash_is_not_read() {
        #[rustfmt::skip]
        let table = [
            ("$argon2id", "$argon2i"), ("$argon2id", "$argon2d"), ("$argon2id", "argon2id"),
            ("v=19", "v=16"), ("$v=19", ""),
            ("m=19456", "m=19457"), ("m=19456", "m=4294967295"), ("m=19456", "m=4294967296"),
            ("m=19456", "m=7"), ("m=19456", "m=0"), ("m=19456", "m=-1"), ("m=19456", "m="),
            ("t=2", "t=6"), ("t=2", "t=4294967295"), ("t=2", "t=0"),
            ("p=1", "p=2"), ("p=1", "p=16777216"), ("p=1", "p=4294967295"), ("p=1", "p=0"),
            (",keyid=AAE", ""), ("keyid=AAE", "keyid=AQ"), ("keyid=AAE", "keyid=AAAAAQ"),
            ("keyid=AAE", "keyid=AAAAAAAAAAAB"), ("keyid=AAE", "keyid=AAAAAAAAAAAAAAAAAAAB"),
            ("keyid=AAE", "keyid=\u{5bc6}"), ("keyid=AAE", "keyid=AAE,data=AAE"), ("keyid=AAE", "keyid=AAE,x=1"),
            ("0f1k1xyJc8Sf5s3vNkBtGA", "0f1k"), ("0f1k1xyJc8Sf5s3vNkBtGA", ""), ("0f1k", "0f_k"),
            ("uNl9SWp93wwnRoYRlWE/YOp5xoYbthjaRUZuGTCxi14", "uNl9SWp93wwnRoYRlWE/YO"),
            ("$uNl9SWp93wwnRoYRlWE/YOp5xoYbthjaRUZuGTCxi14", ""), ("xi14", "xi14$"), ("xi14", "xi14="),
        ];
        for (good, bad) in table {
            let text = GOOD.replace(good, bad);
            assert!(text != GOOD && parse(&text).is_none(), "{text}");
        }
        assert!(parse("").is_none());
        assert!(parse(&GOOD[..GOOD.len() - 5]).is_none(), "cut off");
    }

    #[tokio::test]
    async fn a_buffer_is_wiped_and_used_again_even_after_a_panic() {
        let buffers = Buffers::new(1);
        let used = |memory: &mut [Block]| {
            assert_eq!(memory.len(), MEMORY as usize);
            let clean = memory.iter().all(|block| block.as_ref().iter().all(|&word| word == 0));
            for block in memory.iter_mut() {
                block.as_mut().fill(u64::MAX);
            }
            (clean, memory.as_ptr().addr())
        };
        let (clean, first) = buffers.run(used).await.expect("as the test made it");
        assert!(clean);
        assert_eq!(buffers.run(used).await, Some((true, first)), "the same, wiped");
        let panics = move |memory: &mut [Block]| {
            used(memory);
            panic!("as work may")
        };
        assert_eq!(buffers.run(panics).await, None::<()>);
        assert_eq!(buffers.run(used).await, Some((true, first)));
    }
}
