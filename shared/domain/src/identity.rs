//! Identifiers of accounts and groups: user IDs, handles, internal IDs, group names.

use crate::typed::{Field, JOINERS, clean};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use serde::{Deserialize, Serialize};

/// A user ID in the canonical form of RFC 8265's UsernameCaseMapped: lower case, NFC, full
/// width folded. So all spellings of one user ID belong to one account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(String);

impl UserId {
    /// The longest user ID, in bytes. A mail address fits (RFC 5321).
    pub const MAX_BYTES: usize = 254;

    /// Reads a user ID as it was typed; `None` if the text cannot be one.
    pub fn parse(text: &str) -> Option<UserId> {
        UserId::of_cleaned(&clean(Field::UserId, text)?)
    }

    /// A joiner stays where PRECIS allows it. In other places no user ID has one, so all are
    /// dropped.
    fn of_cleaned(text: &str) -> Option<UserId> {
        UserId::canonical(text).or_else(|| UserId::canonical(&text.replace(JOINERS, "")))
    }

    fn canonical(text: &str) -> Option<UserId> {
        if text.len() > Self::MAX_BYTES {
            return None;
        }
        let canonical = UsernameCaseMapped::enforce(text).ok()?;
        // RFC 8264 section 7: if applying the rules again changes or refuses the text
        // (some Cherokee letters), it cannot be a user ID.
        let stable = UsernameCaseMapped::enforce(&*canonical).is_ok_and(|again| again == canonical);
        let fits = canonical.len() <= Self::MAX_BYTES && is_path_segment(&canonical);
        (stable && fits).then(|| UserId(canonical.into_owned()))
    }

    /// The user ID in its canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is one segment of a URL path. Some API gateways do not pass these five
/// characters through, and every client resolves the two names for folders (RFC 3986 5.2.4).
fn is_path_segment(text: &str) -> bool {
    !text.contains(['/', '?', '#', '%', '\\']) && text != "." && text != ".."
}

/// The text that a caller typed as a user ID. It may be any text, even a password, so
/// it cannot be printed.
pub struct TypedUserId {
    typed: String,
    canonical: Option<UserId>,
    is_ruled_out: bool,
}

impl From<UserId> for TypedUserId {
    fn from(user_id: UserId) -> TypedUserId {
        let typed = user_id.as_str().to_owned();
        TypedUserId { typed, canonical: Some(user_id), is_ruled_out: false }
    }
}

impl TypedUserId {
    /// Creates a `TypedUserId` from the text as it was typed.
    pub fn new(typed: String) -> TypedUserId {
        let cleaned = clean(Field::UserId, &typed);
        let canonical = cleaned.as_deref().and_then(UserId::of_cleaned);
        let is_ruled_out = cleaned.is_none_or(|text| text.len() > UserId::MAX_BYTES);
        TypedUserId { typed, canonical, is_ruled_out }
    }
    /// The user ID; `None` if the text cannot be one.
    pub fn canonical(&self) -> Option<&UserId> {
        self.canonical.as_ref()
    }
    /// Whether nothing is looked up for this text: it has nothing visible, has control characters
    /// or is longer than any user ID. Other text that cannot be a user ID is treated like an
    /// unknown one.
    pub fn is_ruled_out(&self) -> bool {
        self.is_ruled_out
    }
    pub(crate) fn as_typed(&self) -> &str {
        &self.typed
    }
}

/// The ID that an account is stored under: 132 bits of an HMAC of its user ID (a keyed
/// pseudonym). Every text has a handle, even if no account has it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Handle(String);

impl Handle {
    /// The length of a handle, in base64url characters.
    pub const LENGTH: usize = 22;

    pub(crate) fn from_mac(mac: [u8; 32]) -> Handle {
        Handle(BASE64.encode(mac)[..Self::LENGTH].to_owned())
    }

    /// Reads the text that [`Handle::as_str`] returned; `None` for text of any other
    /// form.
    pub fn parse(text: &str) -> Option<Handle> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        (text.len() == Self::LENGTH && text.bytes().all(plain)).then(|| Handle(text.to_owned()))
    }

    /// The handle as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The internal ID of an account, which never changes. If an account is deleted and its user ID
/// is created again, the new account gets another internal ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub String);

/// The name of a group: 1 to 64 characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples("Sales")))]
#[serde(transparent)]
pub struct GroupName(String);

impl GroupName {
    /// The longest group name, in characters.
    pub const MAX_CHARACTERS: usize = 64;

    /// Reads a group name as it was typed. `None` if it is too long, or cleaning refuses it.
    pub fn parse(text: &str) -> Option<GroupName> {
        let name = clean(Field::GroupName, text)?;
        (name.chars().count() <= Self::MAX_CHARACTERS).then_some(GroupName(name))
    }
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
