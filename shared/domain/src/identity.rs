//! Names that identify accounts and groups: user IDs, handles, internal IDs, group names.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use serde::{Deserialize, Serialize};

/// A user ID as RFC 8265's UsernameCaseMapped leaves it: lower case, NFC,
/// full width folded. Two spellings of one ID are one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The longest user ID, in bytes: an address of RFC 5321 fits.
    pub const MAX_BYTES: usize = 254;

    /// `None` where the text cannot be a user ID.
    pub fn parse(text: &str) -> Option<UserId> {
        // The last five would not survive a path behind every gateway.
        if text.is_empty()
            || text.len() > Self::MAX_BYTES
            || text.contains(['/', '?', '#', '%', '\\'])
        {
            return None;
        }
        let canonical = UsernameCaseMapped::enforce(text).ok()?;
        // RFC 8264 section 7: what its own rules would change or refuse again
        // (some Cherokee letters) is no user ID.
        let stable = UsernameCaseMapped::enforce(&*canonical).is_ok_and(|again| again == canonical);
        (stable && canonical.len() <= Self::MAX_BYTES).then(|| UserId(canonical.into_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What somebody typed as a user ID. It may be anything, a password included,
/// so it is not printed.
pub struct TypedUserId {
    typed: String,
    canonical: Option<UserId>,
}

impl From<UserId> for TypedUserId {
    fn from(user_id: UserId) -> TypedUserId {
        TypedUserId { typed: user_id.as_str().to_owned(), canonical: Some(user_id) }
    }
}

impl TypedUserId {
    pub fn new(typed: String) -> TypedUserId {
        let canonical = UserId::parse(typed.trim_matches(' '));
        TypedUserId { typed, canonical }
    }
    pub fn canonical(&self) -> Option<&UserId> {
        self.canonical.as_ref()
    }
    /// Whether it is longer than any account's can be: then it is nobody's
    /// before anything is looked up.
    pub fn is_too_long(&self) -> bool {
        self.typed.trim_matches(' ').len() > UserId::MAX_BYTES
    }
    pub(crate) fn as_typed(&self) -> &str {
        &self.typed
    }
}

/// The name an account is stored under: 132 bits of an HMAC of its user ID.
/// It exists for every text, whether an account does or not.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(String);

impl Handle {
    /// Characters of base64url.
    pub const LENGTH: usize = 22;

    pub(crate) fn from_mac(mac: [u8; 32]) -> Handle {
        Handle(BASE64.encode(mac)[..Self::LENGTH].to_owned())
    }

    /// Reads a handle that was written by [`Handle::as_str`].
    pub fn parse(text: &str) -> Option<Handle> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (text.len() == Self::LENGTH && text.bytes().all(plain)).then(|| Handle(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The immutable id of an account, born with it: a user ID that is deleted
/// and made anew is another account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub String);

/// The name of a group, 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct GroupName(String);

impl GroupName {
    pub const MAX_CHARACTERS: usize = 64;

    /// Trimmed and free of control characters, else `None`.
    pub fn parse(text: &str) -> Option<GroupName> {
        let text = text.trim();
        let fits = (1..=Self::MAX_CHARACTERS).contains(&text.chars().count());
        (fits && crate::line::reads_as_written(text)).then(|| GroupName(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
