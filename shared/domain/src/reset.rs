//! A reset: from the user ID to the new password. Every user ID gets one;
//! that of an account which may not reset is a decoy of the same shape.

use crate::account::Account;
use crate::audit::{Reason, SupportCode};
use crate::identity::{Handle, Uid};
use crate::kind::{Kind, MethodId};
use crate::method::Method;
use crate::methods::Methods;
use crate::policy::Policy;
use crate::secret::{Bearer, BearerDigest};
use crate::time::Time;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;

/// Public name of a reset, derived from its bearer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ResetId(pub String);

impl ResetId {
    pub fn of(bearer: &Bearer) -> ResetId {
        ResetId(bearer.public_id())
    }
    /// The support code of everything in this reset.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.0)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ResetState {
    Open,
    Done,
    Cancelled,
}

/// One reset as it is stored. A decoy carries the same fields; only values
/// differ.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reset {
    pub handle: Handle,
    pub id: ResetId,
    pub owner: BearerDigest,
    /// False for a decoy: no proof is ever recorded.
    pub real: bool,
    /// Why it is a decoy; told by support code only.
    pub reason: Reason,
    pub uid: Uid,
    /// The account's generation when the reset began; a later one kills it.
    pub generation: u64,
    /// Versions of the methods a code may go to.
    pub versions: Methods<u64>,
    pub state: ResetState,
    #[serde(default, deserialize_with = "known_kinds")]
    pub verified: BTreeSet<Kind>,
    pub exp: Time,
}

impl Reset {
    /// What its owner reads to the help desk.
    pub fn support_code(&self) -> SupportCode {
        self.id.support_code()
    }

    /// Whether this bearer may act on it now. Expiry is compared here, never
    /// left to TTL.
    pub fn is_open(&self, bearer: &Bearer, now: Time) -> bool {
        self.owner.matches(&bearer.digest()) && self.state == ResetState::Open && self.exp > now
    }

    /// Whether it is of this account, as it was when the reset began.
    pub fn is_of(&self, account: &Account) -> bool {
        self.uid == account.uid && self.generation == account.generation && account.enabled
    }

    /// The account's method of a kind, if its address is still the one it was
    /// when the reset began.
    pub fn method<'a>(&self, account: &'a Account, kind: Kind) -> Option<&'a Method> {
        let method = account.methods.get(MethodId::only(kind))?;
        (self.versions.get(MethodId::only(kind)) == Some(&method.version)).then_some(method)
    }

    /// Kinds proved that count now: at such an address, and allowed by the
    /// policy.
    pub fn proofs(&self, account: &Account, policy: &Policy) -> usize {
        let reached = |kind: Kind| {
            self.method(account, kind).is_some_and(|method| policy.reaches(kind, &method.binding))
        };
        self.verified.iter().filter(|kind| reached(**kind)).count()
    }
}

/// The kinds of a stored set that this version of the code knows.
fn known_kinds<'de, D: Deserializer<'de>>(stored: D) -> Result<BTreeSet<Kind>, D::Error> {
    let names = BTreeSet::<String>::deserialize(stored)?;
    Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
}

/// Why an account cannot reset now; [`Reason::None`] where it can.
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
