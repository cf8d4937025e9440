//! An account, and what the policy lets it do.

use crate::destination::Destination;
use crate::error::{Violation, ViolationCode};
use crate::identity::{GroupName, Uid, UserId};
use crate::kind::{Kind, MethodId};
use crate::language::Language;
use crate::method::{Method, Pending};
use crate::methods::Methods;
use crate::password::hash::StoredHash;
use crate::policy::{Policy, Scope};
use crate::time::Time;
use crate::typed::{Field, clean};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an account may do to other accounts: `user` nothing, `helpDesk` look
/// after users, `administrator` everything.
#[derive(
    strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Manages its own account only.
    User,
    /// Looks after accounts of users, not of other staff.
    HelpDesk,
    /// Manages all accounts and the policy.
    Administrator,
}

impl Role {
    /// All roles.
    pub const ALL: &[Role] = <Role as strum::VariantArray>::VARIANTS;
}

/// The most groups one account may be in. One DynamoDB transaction of at most 100 items must be
/// able to replace all of them: 40 old groups, 40 new groups, 4 old and 4 new words of the
/// name, the account, its ledgers, the audit entry and the guards.
pub const MAX_GROUPS: usize = 40;
/// The longest display name, in characters.
pub const MAX_NAME: usize = 128;

/// Reads the display name that an administrator typed.
///
/// # Errors
/// `notAName` if it is longer than [`MAX_NAME`], or cleaning refuses it.
pub fn display_name(text: &str) -> Result<String, Violation> {
    let name = clean(Field::DisplayName, text);
    let name = name.filter(|name| name.chars().count() <= MAX_NAME);
    name.ok_or_else(|| Violation::new("/name", ViolationCode::NotAName))
}

/// Reads the group names that an administrator listed.
///
/// # Errors
/// `outOfRange` for more than [`MAX_GROUPS`]; `notAGroup` for the first text that
/// is not a group name.
pub fn group_names(list: &[String]) -> Result<BTreeSet<GroupName>, Violation> {
    if list.len() > MAX_GROUPS {
        return Err(Violation::out_of_range("/groups", 0, MAX_GROUPS as u32));
    }
    let parse = |(i, text): (usize, &String)| {
        GroupName::parse(text)
            .ok_or_else(|| Violation::new(&format!("/groups/{i}"), ViolationCode::NotAGroup))
    };
    list.iter().enumerate().map(parse).collect()
}

/// One person's account, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// The internal ID, which never changes.
    pub uid: Uid,
    /// The user ID.
    pub user_id: UserId,
    /// The display name.
    pub name: String,
    /// The language of messages; the organisation's default if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    /// The role.
    pub role: Role,
    /// The groups that the account is in.
    #[serde(default)]
    pub groups: BTreeSet<GroupName>,
    /// Whether the account may sign in and reset its password.
    pub enabled: bool,
    /// Increases whenever sessions and resets must end, and their codes with them: when the
    /// password, the role or `enabled` changes, and when a method is changed or removed. It starts at the creation
    /// time in milliseconds, so that an account created again never repeats a generation.
    pub generation: u64,
    /// The generation from which on devices are known. Older devices are forgotten.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub devices_since: u64,
    /// Increases with every write.
    pub revision: u64,
    /// The hash of the password.
    pub hash: StoredHash,
    /// When a temporary password expires. `None` if the owner of the account chose
    /// the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_until: Option<Time>,
    /// The verified methods.
    #[serde(default)]
    pub methods: Methods<Method>,
    /// Methods whose first code was not verified yet. They receive that code and nothing else.
    #[serde(default)]
    pub pending: Methods<Pending>,
    /// When the account was created.
    pub created_at: Time,
    /// When the account's owner first finished registration. Cleared when the account must
    /// register again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_at: Option<Time>,
    /// When the owner of the account last confirmed the methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Time>,
    /// When sign-in first asked for registration. The days of postponement count from this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_at: Option<Time>,
    /// When a reset last set the password, if the owner has not reviewed the methods since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_since: Option<Time>,
    /// When the account was last required to register again. Methods verified before
    /// can still reset the password, but do not count as registered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_required_at: Option<Time>,
    /// Fields that a newer version of Latchkey wrote. They are written back unchanged, so that
    /// an older version running at the same time removes nothing.
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

    /// The kinds of method that can reset the password now: verified, allowed by the policy, and
    /// not waiting for a review.
    pub fn usable_kinds(&self, policy: &Policy) -> BTreeSet<Kind> {
        let usable = self.allowed(policy).filter(|(_, method)| !method.unreviewed);
        usable.map(|(id, _)| id.kind()).collect()
    }

    /// The verified methods that the policy allows now.
    fn allowed(&self, policy: &Policy) -> impl Iterator<Item = (MethodId, &Method)> {
        self.methods.iter().filter(|(id, method)| policy.reaches(id.kind(), &method.binding))
    }

    /// The allowed kinds of method that count as registered: verified since the account was last
    /// required to register again. A method that waits for a review counts too.
    pub fn registered_kinds(&self, policy: &Policy) -> BTreeSet<Kind> {
        let counts = |method: &Method| Some(method.verified_at) >= self.registration_required_at;
        let registered = self.allowed(policy).filter(|(_, method)| counts(method));
        registered.map(|(id, _)| id.kind()).collect()
    }

    /// The kinds of method whose messages cannot be delivered.
    pub fn undeliverable_kinds(&self) -> BTreeSet<Kind> {
        let comes_back = |method: &Method| {
            method.binding.delivered().is_some_and(|delivered| delivered.undeliverable.is_some())
        };
        let methods = self.methods.iter().filter(|(_, method)| comes_back(method));
        methods.map(|(id, _)| id.kind()).collect()
    }

    /// The earliest time since when messages to an allowed method cannot be delivered. `None` if
    /// there is no such method, or the owner has confirmed the methods since.
    pub fn undeliverable_since(&self, policy: &Policy) -> Option<Time> {
        let since =
            |method: &Method| Some(method.binding.delivered()?.undeliverable.as_ref()?.since);
        let since = self.allowed(policy).filter_map(|(_, method)| since(method));
        since.filter(|since| self.confirmed_at.is_none_or(|at| *since > at)).min()
    }

    /// The number of different kinds of method that this account must prove to reset its
    /// password. Administrators and the help desk always need two, because they act on other
    /// accounts (Entra's two-gate policy).
    pub fn kinds_needed(&self, policy: &Policy) -> usize {
        match self.role {
            Role::HelpDesk | Role::Administrator => 2,
            Role::User => policy.kinds_required as usize,
        }
    }

    /// The number of kinds of method that must be registered before registration can finish: as
    /// many as a reset needs, but not more than the policy allows. Kinds in the policy that
    /// this version does not know count as allowed, so that they never lower the number.
    pub fn kinds_to_register(&self, policy: &Policy) -> usize {
        self.kinds_needed(policy).min(policy.kinds().len() + policy.unknown_kinds.len())
    }

    /// All verified destinations. Notices go to all of them.
    pub fn addresses(&self) -> Vec<Destination> {
        let delivered = self.methods.iter().filter_map(|(_, method)| method.binding.delivered());
        delivered.map(|delivered| delivered.destination.clone()).collect()
    }

    /// Asks for a review of the methods, after a reset that the methods of `proved` proved.
    /// Recent methods that did not prove it cannot reset the password until then, and methods
    /// that wait for their first proof are removed: an attacker who knew the old password may
    /// have added them. Older methods stay usable. Otherwise an attacker who controls one of the
    /// owner's methods could make the others unusable by resetting the password with it.
    pub fn require_review(&mut self, proved: &BTreeSet<Kind>, now: Time) {
        self.review_since = Some(now);
        self.pending = Methods::default();
        for (id, method) in self.methods.iter_mut() {
            method.unreviewed |= method.is_recent(now) && !proved.contains(&id.kind());
        }
    }

    /// Records that the owner confirmed all methods. They can all reset the password now.
    pub fn confirm_methods(&mut self, now: Time) {
        self.confirmed_at = Some(now);
        self.review_since = None;
        self.methods.iter_mut().for_each(|(_, method)| method.unreviewed = false);
    }

    /// The account with the next revision, for a write.
    pub fn revised(mut self) -> Account {
        self.revision += 1;
        self
    }

    /// The account with the next revision and generation, for a write that ends its resets and
    /// its sessions, but for one that makes the change and continues.
    pub fn with_generation_moved(mut self) -> Account {
        self.generation += 1;
        self.revised()
    }

    /// The account for a write that ends all of its sessions and resets. What the sessions were
    /// about to add ends with them.
    pub fn with_sessions_revoked(self) -> Account {
        Account { pending: Methods::default(), ..self.with_generation_moved() }
    }

    /// The same, for a write by which the account also forgets all devices.
    pub fn with_devices_revoked(self) -> Account {
        let account = self.with_sessions_revoked();
        Account { devices_since: account.generation, ..account }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
