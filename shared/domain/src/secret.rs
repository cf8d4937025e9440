//! Secrets: types that cannot be printed, compared with `==` or serialised.

use crate::identity::Handle;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub use secrecy::{ExposeSecret, SecretString};

/// The length of the secret of a bearer or device token: 256 bits (ASVS 6.5.4 asks for 128).
pub(crate) const SECRET_BYTES: usize = 32;

/// What a bearer token gives access to. The two kinds have different prefixes, so that one is
/// never accepted as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BearerKind {
    /// A session. The prefix is `lks_`.
    Session,
    /// A reset. The prefix is `lkr_`.
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

/// The bearer token of a session or a reset: a prefix, the account's handle (keyed pseudonym of
/// its user ID), and 256 random bits. Only its digest is stored.
#[derive(Clone)]
pub struct Bearer {
    /// What the token gives access to.
    pub kind: BearerKind,
    /// The handle of the account.
    pub handle: Handle,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
}

impl Bearer {
    /// Creates a bearer token from fresh random bytes.
    pub fn new(kind: BearerKind, handle: Handle, secret: [u8; SECRET_BYTES]) -> Bearer {
        Bearer { kind, handle, secret: Zeroizing::new(secret) }
    }

    /// Reads the text that [`Bearer::reveal`] returned; `None` for any other text.
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

    /// Returns the token as text, for the one answer that shows it.
    pub fn reveal(&self) -> String {
        format!("{}{}{}", self.kind.prefix(), self.handle.as_str(), BASE64.encode(*self.secret))
    }

    /// Computes the stored digest, by which the session or reset is found.
    pub fn digest(&self) -> BearerDigest {
        self.hash("secret")
    }

    /// Computes a public ID from the secret, so that the token is enough to find its item. The
    /// ID does not reveal the secret.
    pub fn public_id(&self) -> String {
        self.hash("id").0[..22].to_owned()
    }

    fn hash(&self, use_: &str) -> BearerDigest {
        BearerDigest::of(self.kind.prefix(), use_, &self.secret)
    }
}

/// The SHA-256 digest of the secret of a bearer or device token, in base64url. 256 random bits need no salt.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct BearerDigest(String);

impl BearerDigest {
    /// Computes the digest of a secret. The prefix of its token and `use_` separate uses.
    pub(crate) fn of(prefix: &str, use_: &str, secret: &[u8; SECRET_BYTES]) -> BearerDigest {
        let mut hasher = Sha256::new();
        hasher.update(prefix);
        hasher.update(use_);
        hasher.update(secret);
        BearerDigest(BASE64.encode(hasher.finalize()))
    }
    /// The digest as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether both digests are equal, in constant time.
    pub fn matches(&self, other: &BearerDigest) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl std::fmt::Debug for BearerDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BearerDigest")
    }
}

/// Encodes random bytes as base64url without padding.
pub fn random_text<const N: usize>(bytes: [u8; N]) -> String {
    BASE64.encode(bytes)
}

/// Bytes that are overwritten when they are dropped.
pub type SecretBytes = Zeroizing<Vec<u8>>;
