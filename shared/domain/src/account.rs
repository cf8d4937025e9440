//! Who somebody is: user ID, handle, role, groups, methods.

use crate::method::{Destination, Kind, Method, Pending};
use crate::password::StoredHash;
use crate::policy::{Policy, Scope};
use crate::time::Time;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use precis_core::profile::PrecisFastInvocation;
use precis_profiles::UsernameCaseMapped;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

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

/// What somebody may do to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    User,
    HelpDesk,
    Administrator,
}

/// A language messages and problems are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Language {
    #[serde(rename = "en")]
    English,
    #[serde(rename = "zh-TW")]
    TraditionalChinese,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::TraditionalChinese];

    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::TraditionalChinese => "zh-TW",
        }
    }
}

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

/// The most groups one account may be in. A change of all of them is one
/// transaction, which holds 100 members: 40 left, 40 joined, 4 words of a name
/// away and 4 anew, and the account, its ledgers, the audit and the guards.
pub const MAX_GROUPS: usize = 40;
/// The longest display name, in characters.
pub const MAX_NAME: usize = 128;

/// One person's account, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub uid: Uid,
    pub user_id: UserId,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    pub role: Role,
    #[serde(default)]
    pub groups: BTreeSet<GroupName>,
    pub enabled: bool,
    /// Moves whenever what was issued before must die: password, enabled,
    /// role, a method changed or removed. Starts at the creation's milliseconds, so that it never repeats
    /// after delete and create.
    pub generation: u64,
    /// Moves with every write.
    pub revision: u64,
    pub hash: StoredHash,
    /// Set while the password is a temporary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_until: Option<Time>,
    #[serde(default)]
    pub methods: BTreeMap<Kind, Method>,
    /// Addresses whose own code has not come back yet; used for nothing else.
    #[serde(default)]
    pub pending: BTreeMap<Kind, Pending>,
    pub created_at: Time,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Time>,
    /// When registration was first asked for: postponing counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    /// When registration was last required anew: what was verified before
    /// still resets, and does not count as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_required_at: Option<Time>,
    /// What a newer version of this code wrote: kept as it is, so that an
    /// older one beside it takes nothing away.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

impl Account {
    /// Whether the policy lets this account reset its password.
    pub fn in_scope(&self, policy: &Policy) -> bool {
        match &policy.scope {
            Scope::None => false,
            Scope::All => true,
            Scope::Selected { groups } => groups.iter().any(|g| self.groups.contains(g)),
        }
    }

    /// Kinds that are verified and that the policy allows now.
    pub fn usable_kinds(&self, policy: &Policy) -> BTreeSet<Kind> {
        self.methods
            .iter()
            .filter(|(kind, m)| policy.reaches(**kind, m.country.as_deref()))
            .map(|(kind, _)| *kind)
            .collect()
    }

    /// Usable kinds that count as registered: verified since registration was
    /// last required anew.
    pub fn registered_kinds(&self, policy: &Policy) -> BTreeSet<Kind> {
        let counts = |kind: &Kind| {
            self.methods
                .get(kind)
                .is_some_and(|m| Some(m.verified_at) >= self.registration_required_at)
        };
        self.usable_kinds(policy).into_iter().filter(counts).collect()
    }

    /// Kinds whose address messages come back from.
    pub fn undeliverable_kinds(&self) -> BTreeSet<Kind> {
        self.methods
            .iter()
            .filter(|(_, m)| m.undeliverable.is_some())
            .map(|(kind, _)| *kind)
            .collect()
    }

    /// Since when messages to a usable method come back that its owner did
    /// not confirm since; the first of them.
    pub fn undeliverable_since(&self, policy: &Policy) -> Option<Time> {
        let usable = self.usable_kinds(policy);
        let methods = self.methods.iter().filter(|(kind, _)| usable.contains(kind));
        let since = methods.filter_map(|(_, m)| Some(m.undeliverable.as_ref()?.since));
        since.filter(|since| self.confirmed_at.is_none_or(|at| *since > at)).min()
    }

    /// How many different kinds this account must prove to reset. Two for
    /// administrators, always (Entra's two-gate policy).
    pub fn kinds_needed(&self, policy: &Policy) -> usize {
        match self.role {
            Role::Administrator => 2,
            Role::User | Role::HelpDesk => policy.kinds_required as usize,
        }
    }

    /// How many kinds must be registered before `finish`: the number needed,
    /// at most those allowed.
    pub fn kinds_to_register(&self, policy: &Policy) -> usize {
        self.kinds_needed(policy).min(policy.kinds().len())
    }

    /// Every address that is verified now: where notices go.
    pub fn addresses(&self) -> Vec<Destination> {
        self.methods.values().map(|m| m.destination.clone()).collect()
    }

    /// The account after a write: the next revision.
    pub fn revised(mut self) -> Account {
        self.revision += 1;
        self
    }

    /// The account after a write that ends sessions, resets and challenges.
    pub fn fenced(mut self) -> Account {
        self.generation += 1;
        self.revised()
    }
}
