//! A reset: from the user ID to the new password.
//!
//! Every user ID gets a reset. An unknown user ID, and an account that may not reset its
//! password, gets a decoy of the same shape.

use crate::account::Account;
use crate::audit::{Reason, SupportCode};
use crate::challenge::LedgerId;
use crate::identity::{Handle, Uid};
use crate::kind::{Kind, MethodId};
use crate::method::Method;
use crate::methods::Methods;
use crate::policy::Policy;
use crate::secret::{Bearer, BearerDigest};
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

/// The public ID of a reset, derived from its bearer token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResetId(pub String);

impl ResetId {
    /// Derives the ID of the reset that belongs to a bearer token.
    pub fn of(bearer: &Bearer) -> ResetId {
        ResetId(bearer.public_id())
    }
    /// The support code of this reset. All its audit entries and messages carry it.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.0)
    }
}

/// The progress of a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResetState {
    /// The reset may still set a password.
    Open,
    /// The reset set a password.
    Done,
    /// The user cancelled the reset.
    Cancelled,
}

/// One reset, as it is stored. A decoy has the same fields; only the values differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reset {
    /// The handle of the user ID (keyed pseudonym).
    pub handle: Handle,
    /// The public ID.
    pub id: ResetId,
    /// The digest of the bearer token that may act on the reset.
    pub owner: BearerDigest,
    /// Why the reset is a decoy; `none` for a real one. Only the audit trail shows it.
    pub reason: Reason,
    /// The internal ID of the account, or an invented one for a decoy.
    pub uid: Uid,
    /// The account's generation when the reset began, or an invented one. The reset ends when
    /// the account's generation increases.
    pub generation: u64,
    /// The versions of the account's methods when the reset began, as [`version_text`] writes
    /// them; 0 for a method that the account does not have.
    pub versions: Methods<String>,
    /// The progress of the reset.
    pub state: ResetState,
    /// The kinds of method that were proved.
    #[serde(default, deserialize_with = "known_kinds")]
    pub verified: BTreeSet<Kind>,
    /// The ledgers of the challenges that proved them. Their failed guesses end when the reset
    /// sets a password.
    #[serde(default, deserialize_with = "known_ledgers", skip_serializing)]
    pub ledgers: BTreeSet<LedgerId>,
    /// Whether a known device of the account started the reset.
    #[serde(default)]
    pub known_device: bool,
    /// When the reset expires.
    pub exp: Time,
}

impl Reset {
    /// Whether the reset may end in a new password. No proof is ever recorded for a decoy.
    pub fn is_real(&self) -> bool {
        self.reason == Reason::None
    }

    /// The support code that the user reads to the help desk.
    pub fn support_code(&self) -> SupportCode {
        self.id.support_code()
    }

    /// Whether this bearer token may act on the reset now. This compares the expiry too,
    /// because the table deletes expired items days later.
    pub fn is_open(&self, bearer: &Bearer, now: Time) -> bool {
        self.owner.matches(&bearer.digest()) && self.state == ResetState::Open && self.exp > now
    }

    /// Whether the reset belongs to this account: the account is enabled, has the same internal
    /// ID, and has the generation of the reset.
    pub fn is_of(&self, account: &Account) -> bool {
        self.uid == account.uid && self.generation == account.generation && account.enabled
    }

    /// The account's method of a kind, for a proof or a code.
    ///
    /// # Errors
    /// `methodChanged` if it is missing or has changed since the reset began; `methodUnreviewed`
    /// if its owner must review it first.
    pub fn method<'a>(&self, account: &'a Account, kind: Kind) -> Result<&'a Method, Reason> {
        let id = MethodId::only(kind);
        match account.methods.get(id) {
            Some(method) if self.versions.get(id) != Some(&version_text(method.version)) => {
                Err(Reason::MethodChanged)
            }
            Some(method) if method.unreviewed => Err(Reason::MethodUnreviewed),
            Some(method) => Ok(method),
            None => Err(Reason::MethodChanged),
        }
    }

    /// The proved kinds of method that count now: those whose method can prove this reset and
    /// that the policy still allows.
    pub fn proofs(&self, account: &Account, policy: &Policy) -> BTreeSet<Kind> {
        let reached = |kind: &Kind| {
            self.method(account, *kind).is_ok_and(|method| policy.reaches(*kind, &method.binding))
        };
        self.verified.iter().copied().filter(reached).collect()
    }
}

/// Writes the version of a method in a reset. The text has the same length for every version, so
/// that a reset has the same size for every account.
pub fn version_text(version: u64) -> String {
    format!("{version:020}")
}

/// Reads a stored set of kinds, without those that this version does not know.
fn known_kinds<'de, D: Deserializer<'de>>(stored: D) -> Result<BTreeSet<Kind>, D::Error> {
    let names = BTreeSet::<String>::deserialize(stored)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Reads the stored names of ledgers, without those that this version does not know.
fn known_ledgers<'de, D: Deserializer<'de>>(stored: D) -> Result<BTreeSet<LedgerId>, D::Error> {
    let names = BTreeSet::<String>::deserialize(stored)?;
    Ok(names.iter().filter_map(|name| LedgerId::parse(name)).collect())
}

/// The reason why an account cannot reset its password now; [`Reason::None`] if it can.
pub fn eligibility(account: Option<&Account>, policy: &Policy) -> Reason {
    let Some(account) = account else { return Reason::UnknownUser };
    if !account.enabled {
        return Reason::Disabled;
    }
    if !account.in_scope(policy) {
        return Reason::OutOfScope;
    }
    if account.usable_kinds(policy).len() < account.kinds_needed(policy) {
        return Reason::NotEnoughMethods;
    }
    Reason::None
}
