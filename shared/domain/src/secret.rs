//! What must not be printed, compared with `==` or serialised, and how it
//! travels.

use crate::identity::Handle;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use secrecy::{ExposeSecret, SecretString};

/// Length in bytes of a bearer's secret: 256 bits (ASVS 6.5.4 asks 128).
const SECRET_BYTES: usize = 32;

/// What a bearer is good for. Its prefix keeps one kind from being taken for
/// another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerKind {
    Session,
    Reset,
}

impl BearerKind {
    const fn prefix(self) -> &'static str {
        match self {
            BearerKind::Session => "lks_",
            BearerKind::Reset => "lkr_",
        }
    }
}

/// The secret of a session or a reset: prefix, the account's handle, and 256
/// random bits. Only its digest is ever stored.
#[derive(Clone)]
pub struct Bearer {
    pub kind: BearerKind,
    pub handle: Handle,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Bearer {
    /// A new bearer from fresh random bytes.
    pub fn new(kind: BearerKind, handle: Handle, secret: [u8; SECRET_BYTES]) -> Bearer {
        Bearer { kind, handle, secret: Zeroizing::new(secret) }
    }

    /// Reads what [`Bearer::reveal`] wrote; `None` for anything else.
    pub fn parse(text: &str) -> Option<Bearer> {
        let kind = [BearerKind::Session, BearerKind::Reset]
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))?;
        let rest = text.strip_prefix(kind.prefix())?;
        let handle = Handle::parse(rest.get(..Handle::LENGTH)?)?;
        let secret: [u8; SECRET_BYTES] =
            BASE64.decode(rest.get(Handle::LENGTH..)?).ok()?.try_into().ok()?;
        Some(Bearer::new(kind, handle, secret))
    }

    /// The text handed to its owner, once.
    pub fn reveal(&self) -> String {
        format!("{}{}{}", self.kind.prefix(), self.handle.as_str(), BASE64.encode(*self.secret))
    }

    /// What is stored in its place, and found by it.
    pub fn digest(&self) -> BearerDigest {
        self.hash("secret")
    }

    /// A public name derived from the secret, so that the bearer alone finds
    /// its item; it does not lead back to the secret.
    pub fn public_id(&self) -> String {
        self.hash("id").0[..22].to_owned()
    }

    fn hash(&self, use_: &str) -> BearerDigest {
        let mut hasher = Sha256::new();
        hasher.update(self.kind.prefix());
        hasher.update(use_);
        hasher.update(*self.secret);
        BearerDigest(BASE64.encode(hasher.finalize()))
    }
}

/// SHA-256 of a bearer's secret, base64url. 256 random bits need no salt.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct BearerDigest(String);

impl BearerDigest {
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Equality in constant time.
    pub fn matches(&self, other: &BearerDigest) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for BearerDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerDigest")
    }
}

/// Text of random bytes, base64url without padding.
pub fn random_text<const N: usize>(bytes: [u8; N]) -> String {
    BASE64.encode(bytes)
}

/// Bytes that are wiped when they are dropped.
pub type SecretBytes = Zeroizing<Vec<u8>>;
