//! Keys. One secret holds generations of a master key; HKDF gives each use a
//! key of its own. The first generation makes what is new, the last is the one
//! that follows it: by the time it makes anything, every process that runs
//! knows it. The others stay, since passwords were hashed with them.

use crate::destination::Destination;
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

/// Number of a generation of keys.
pub type KeyId = u16;

/// A 256-bit key. It has no `Debug`, no `==`, and is not serialised.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// HMAC-SHA-256 over the parts, each preceded by its length, so that no
    /// two lists of parts read alike.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.0).expect("any length is a key");
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The key's bytes, for a primitive that takes a key itself (Argon2).
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// A key that is good for one name only.
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
    pub kid: KeyId,
    /// Makes one-time codes.
    pub codes: Key,
    /// Argon2's secret input, kept away from the table.
    pub pepper: Key,
    /// Authenticates paging cursors.
    pub cursors: Key,
    /// Makes the secrets of answers that may be asked for again.
    pub idempotency: Key,
}

/// All keys that are valid now; the first generation makes what is new.
#[derive(Clone)]
pub struct Keys {
    /// Names accounts and addresses in keys of the table; never rotated.
    ids: Key,
    generations: Vec<Generation>,
}

/// Why a secret could not be read. It never says what the secret holds.
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
    /// Reads the secret's JSON. There is no default for any part of it.
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
        // A number used twice would make the second generation unreachable.
        if kids.is_empty() || kids.len() != generations.len() || kids.contains(&0) {
            return Err(InvalidSecret);
        }
        Ok(Keys { ids: decode(&document.ids)?.derive("ids"), generations })
    }

    /// The generation that makes what is new.
    pub fn current(&self) -> &Generation {
        &self.generations[0]
    }

    /// Whether a number may be of a generation that we have not heard of yet:
    /// they only grow.
    pub fn may_follow(&self, kid: KeyId) -> bool {
        self.generations.iter().all(|g| g.kid < kid)
    }

    /// Whether everything that was made with other keys can be read with these.
    pub fn replaces(&self, other: &Keys) -> bool {
        let same = |a: &Key, b: &Key| bool::from(a.0.ct_eq(&*b.0));
        same(&self.ids, &other.ids)
            && other
                .generations
                .iter()
                .all(|old| self.generation(old.kid).is_some_and(|new| same(&new.codes, &old.codes)))
    }

    /// The generation of that number, while it is valid.
    pub fn generation(&self, kid: KeyId) -> Option<&Generation> {
        self.generations.iter().find(|g| g.kid == kid)
    }

    /// The handle of an account.
    pub fn handle_of(&self, user_id: &UserId) -> Handle {
        Handle::from_mac(self.ids.mac(&[b"account", user_id.as_str().as_bytes()]))
    }

    /// The handle of what a caller typed as a user ID. Text that cannot be one
    /// (often a password in the wrong field) has a handle too, in a space of
    /// its own: it is treated alike and never stored in plain.
    pub fn handle(&self, typed: &TypedUserId) -> Handle {
        match typed.canonical() {
            Some(user_id) => self.handle_of(user_id),
            None => Handle::from_mac(self.ids.mac(&[b"unreadable", typed.as_typed().as_bytes()])),
        }
    }

    /// A stable, unreadable name for something personal: an address of a
    /// method, a source address, an audit subject.
    pub fn pseudonym(&self, space: &str, text: &str) -> String {
        BASE64.encode(self.ids.mac(&[b"pseudonym", space.as_bytes(), text.as_bytes()]))[..22]
            .to_owned()
    }

    /// The name under which sends to an address are counted, and by which a
    /// typed one is compared with the account's.
    pub fn destination_name(&self, to: &Destination) -> String {
        self.pseudonym("destination", &to.as_str().to_lowercase())
    }

    /// The internal id that is written where there is no account, so that
    /// what is written has one shape.
    pub fn decoy_uid(&self, handle: &Handle) -> Uid {
        Uid(self.pseudonym("uid", handle.as_str()))
    }

    /// The salt of the hash that is computed where there is no account: the
    /// same for one handle, so that a repeated wrong password is recognised.
    pub fn decoy_salt(&self, handle: &Handle) -> [u8; 16] {
        self.ids.mac(&[b"salt", handle.as_str().as_bytes()])[..16]
            .try_into()
            .expect("16 of 32 bytes")
    }
}

/// The secret that follows this one: the generation that was announced last
/// makes what is new from now on, and another is announced. The first secret
/// is made from nothing.
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
            // The last is the next; where there is one alone, none is announced.
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
