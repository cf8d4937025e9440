//! The secret keys, and the secret in Secrets Manager that holds them.
//!
//! The secret holds several generations of a master key. HKDF derives a separate key for each use.
//!
//! New values use the first generation. The last generation is the next one: it is published
//! one rotation early, so that every process knows it before it is used. Older generations
//! stay, since stored password hashes need them.

use crate::destination::{Destination, TYPED, TypedName};
use crate::identity::{Handle, TypedUserId, Uid, UserId};
use crate::secret::{ExposeSecret, SecretString};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::BTreeSet;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The number of a generation of keys, from 1.
pub type KeyId = u16;

/// A 256-bit key. It has no `Debug` and no `==`, and cannot be serialised.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Computes HMAC-SHA-256 over the parts. Each part is preceded by its length, so that two
    /// different lists of parts never give the same input.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any length is a key");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Returns the bytes of the key, for Argon2, which takes the key itself.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// Derives a separate key for the use that `name` describes.
    pub fn derived(&self, name: &str) -> Key {
        Key(Zeroizing::new(self.mac(&[b"derived", name.as_bytes()])))
    }

    fn derive(&self, use_: &str) -> Key {
        let mut out = Zeroizing::new([0; 32]);
        Hkdf::<Sha256>::new(Some(b"latchkey"), &*self.0)
            .expand(use_.as_bytes(), &mut *out)
            .expect("32 bytes is a valid length");
        Key(out)
    }
}

/// The keys of one generation.
#[derive(Clone)]
pub struct Generation {
    /// The number of the generation.
    pub kid: KeyId,
    /// The key that one-time codes are derived from.
    pub codes: Key,
    /// The secret input of Argon2. It is not in the table.
    pub pepper: Key,
    /// The key that authenticates paging cursors.
    pub cursors: Key,
    /// The key that the secrets in answers to idempotent requests are derived from.
    pub idempotency: Key,
}

/// All valid keys.
#[derive(Clone)]
pub struct Keys {
    /// The key that handles and pseudonyms are derived from. Table keys contain them, so it is
    /// never rotated.
    ids: Key,
    /// The first generation is the current one.
    generations: Vec<Generation>,
}

/// The error that the secret cannot be read. Its message does not show the secret.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error(
    "the secret must be {{\"ids\": KEY, \"generations\": [{{\"kid\": 1.., \"key\": KEY}}]}}, each KEY 32 bytes as base64url"
)]
pub struct InvalidSecret;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretDocument {
    ids: SecretString,
    generations: Vec<SecretGeneration>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretGeneration {
    kid: KeyId,
    key: SecretString,
}

impl Keys {
    /// Reads the keys from the secret's JSON. No part of it has a default.
    ///
    /// # Errors
    /// If the JSON has another shape, a key has another length, or the generation numbers are
    /// not distinct and above 0.
    pub fn parse(json: &str) -> Result<Keys, InvalidSecret> {
        let document: SecretDocument = serde_json::from_str(json).map_err(|_| InvalidSecret)?;
        let generations = document
            .generations
            .iter()
            .map(|g| {
                let master = decode(&g.key)?;
                Ok(Generation {
                    kid: g.kid,
                    codes: master.derive("codes"),
                    pepper: master.derive("pepper"),
                    cursors: master.derive("cursors"),
                    idempotency: master.derive("idempotency"),
                })
            })
            .collect::<Result<Vec<_>, InvalidSecret>>()?;
        let kids: BTreeSet<KeyId> = generations.iter().map(|g| g.kid).collect();
        // A duplicate number would make the second generation unreachable.
        if kids.is_empty() || kids.len() != generations.len() || kids.contains(&0) {
            return Err(InvalidSecret);
        }
        Ok(Keys { ids: decode(&document.ids)?.derive("ids"), generations })
    }

    /// Returns the generation that new values use.
    pub fn current(&self) -> &Generation {
        &self.generations[0]
    }

    /// Whether a generation with this number may have been added after these keys were read.
    /// Numbers only increase.
    pub fn may_follow(&self, kid: KeyId) -> bool {
        self.generations.iter().all(|g| g.kid < kid)
    }

    /// Whether these keys can read everything that was made with the `other` keys.
    pub fn replaces(&self, other: &Keys) -> bool {
        let same = |a: &Key, b: &Key| bool::from(a.0.ct_eq(&*b.0));
        same(&self.ids, &other.ids)
            && other
                .generations
                .iter()
                .all(|old| self.generation(old.kid).is_some_and(|new| same(&new.codes, &old.codes)))
    }

    /// Returns the generation with a number, if these keys hold it.
    pub fn generation(&self, kid: KeyId) -> Option<&Generation> {
        self.generations.iter().find(|g| g.kid == kid)
    }

    /// Computes the handle of an account.
    pub fn handle_of(&self, user_id: &UserId) -> Handle {
        Handle::from_mac(self.ids.mac(&[b"account", user_id.as_str().as_bytes()]))
    }

    /// Computes the handle of the text that a caller typed as a user ID. Text that cannot be a
    /// user ID (often a password in the wrong field) also has a handle, which differs from that of
    /// every account. So it is treated like an unknown account, and never stored in plain text.
    pub fn handle(&self, typed: &TypedUserId) -> Handle {
        match typed.canonical() {
            Some(user_id) => self.handle_of(user_id),
            None => Handle::from_mac(self.ids.mac(&[b"unreadable", typed.as_typed().as_bytes()])),
        }
    }

    /// Computes a stable pseudonym of 22 characters for personal data, such as a destination or
    /// a source address. It does not reveal the text. `space` separates uses.
    pub fn pseudonym(&self, space: &str, text: &str) -> String {
        BASE64.encode(self.ids.mac(&[b"pseudonym", space.as_bytes(), text.as_bytes()]))[..22]
            .to_owned()
    }

    /// Computes the pseudonym of a destination, ignoring case. Sends are counted under it, and
    /// a typed destination is compared with the account's by it.
    pub fn destination_name(&self, to: &Destination) -> String {
        self.pseudonym("destination", &to.as_str().to_lowercase())
    }

    /// Computes the pseudonym of a destination that was typed for one account, ignoring case. It
    /// is part of the challenge ID, which the caller sees.
    pub fn typed_name(&self, handle: &Handle, to: &Destination) -> TypedName {
        let to = to.as_str().to_lowercase();
        let mac = self.ids.mac(&[b"typed", handle.as_str().as_bytes(), to.as_bytes()]);
        TypedName(mac[..TYPED].try_into().expect("12 of 32 bytes"))
    }

    /// Computes the internal ID to store for a handle without an account, so that the items
    /// have the same shape.
    pub fn decoy_uid(&self, handle: &Handle) -> Uid {
        Uid(self.pseudonym("uid", handle.as_str()))
    }

    /// Computes the salt for hashing a password of a handle without an account. It is always
    /// the same for one handle, so that a wrong password typed twice is recognised.
    pub fn decoy_salt(&self, handle: &Handle) -> [u8; 16] {
        self.ids.mac(&[b"salt", handle.as_str().as_bytes()])[..16]
            .try_into()
            .expect("16 of 32 bytes")
    }
}

/// Returns the next secret: the last generation moves to the front, and a new generation is
/// added at the end. Without a current secret, creates the first one. `fresh` returns 32 new
/// random bytes.
///
/// # Errors
/// If the current secret cannot be read, or no generation number is left.
pub fn rotated(
    current: Option<&SecretString>,
    mut fresh: impl FnMut() -> [u8; 32],
) -> Result<SecretString, InvalidSecret> {
    let mut key = || SecretString::from(BASE64.encode(fresh()));
    let (ids, mut generations) = match current {
        None => (key(), vec![SecretGeneration { kid: 1, key: key() }]),
        Some(current) => {
            Keys::parse(current.expose_secret())?;
            let SecretDocument { ids, mut generations } =
                serde_json::from_str(current.expose_secret()).map_err(|_| InvalidSecret)?;
            // The last generation becomes the first. A single generation stays.
            generations.rotate_right(1);
            (ids, generations)
        }
    };
    let newest = generations.iter().map(|g| g.kid).max().ok_or(InvalidSecret)?;
    generations
        .push(SecretGeneration { kid: newest.checked_add(1).ok_or(InvalidSecret)?, key: key() });
    let written =
        |g: &SecretGeneration| serde_json::json!({ "kid": g.kid, "key": g.key.expose_secret() });
    let generations: Vec<_> = generations.iter().map(written).collect();
    Ok(serde_json::json!({ "ids": ids.expose_secret(), "generations": generations })
        .to_string()
        .into())
}

fn decode(text: &SecretString) -> Result<Key, InvalidSecret> {
    let bytes = Zeroizing::new(BASE64.decode(text.expose_secret()).map_err(|_| InvalidSecret)?);
    Ok(Key(Zeroizing::new(bytes.as_slice().try_into().map_err(|_| InvalidSecret)?)))
}
