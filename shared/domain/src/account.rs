//! Who somebody is: user ID, handle, role, groups, methods.

use crate::destination::Destination;
use crate::error::{Violation, ViolationCode};
use crate::identity::{GroupName, Uid, UserId};
use crate::kind::{Kind, MethodId};
use crate::language::Language;
use crate::line::reads_as_written;
use crate::method::{Method, Pending};
use crate::methods::Methods;
use crate::password::hash::StoredHash;
use crate::policy::{Policy, Scope};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What an account may do to other accounts.
#[derive(
    strum::VariantArray, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    User,
    HelpDesk,
    Administrator,
}

impl Role {
    /// Every one of them.
    pub const ALL: &[Role] = <Role as strum::VariantArray>::VARIANTS;
}

/// The most groups one account may be in. A change of all of them is one
/// transaction, which holds 100 members: 40 left, 40 joined, 4 words of a name
/// away and 4 anew, and the account, its ledgers, the audit and the guards.
pub const MAX_GROUPS: usize = 40;
/// The longest display name, in characters.
pub const MAX_NAME: usize = 128;

/// A display name as an administrator typed it, trimmed.
///
/// # Errors
/// `notAName` for one that is blank, longer than [`MAX_NAME`] or not one line.
pub fn display_name(text: &str) -> Result<String, Violation> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && reads_as_written(name);
    fits.then(|| name.to_owned()).ok_or_else(|| Violation::new("/name", ViolationCode::NotAName))
}

/// The groups that an administrator listed.
///
/// # Errors
/// `outOfRange` for more than [`MAX_GROUPS`]; `notAGroup` for the first that is
/// not a group name.
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
    pub methods: Methods<Method>,
    /// Addresses whose own code has not come back yet; used for nothing else.
    #[serde(default)]
    pub pending: Methods<Pending>,
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
        self.usable(policy).map(|(id, _)| id.kind()).collect()
    }

    /// Methods that are verified and that the policy allows now.
    fn usable(&self, policy: &Policy) -> impl Iterator<Item = (MethodId, &Method)> {
        self.methods.iter().filter(|(id, method)| policy.reaches(id.kind(), &method.binding))
    }

    /// Usable kinds that count as registered: verified since registration was
    /// last required anew.
    pub fn registered_kinds(&self, policy: &Policy) -> BTreeSet<Kind> {
        let counts = |method: &Method| Some(method.verified_at) >= self.registration_required_at;
        let registered = self.usable(policy).filter(|(_, method)| counts(method));
        registered.map(|(id, _)| id.kind()).collect()
    }

    /// Kinds whose messages come back.
    pub fn undeliverable_kinds(&self) -> BTreeSet<Kind> {
        let comes_back = |method: &Method| {
            method.binding.delivered().is_some_and(|delivered| delivered.undeliverable.is_some())
        };
        let methods = self.methods.iter().filter(|(_, method)| comes_back(method));
        methods.map(|(id, _)| id.kind()).collect()
    }

    /// Since when messages to a usable method come back, if its owner has not
    /// confirmed the method since; the earliest of all methods.
    pub fn undeliverable_since(&self, policy: &Policy) -> Option<Time> {
        let since =
            |method: &Method| Some(method.binding.delivered()?.undeliverable.as_ref()?.since);
        let since = self.usable(policy).filter_map(|(_, method)| since(method));
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

    /// How many kinds must be registered before `finish`: the number needed, at
    /// most those that the policy allows. Kinds of the policy that this version of
    /// the code does not know count here, so that they never lower the number.
    pub fn kinds_to_register(&self, policy: &Policy) -> usize {
        self.kinds_needed(policy).min(policy.kinds().len() + policy.unknown_kinds.len())
    }

    /// Every destination that is verified now: where notices go.
    pub fn addresses(&self) -> Vec<Destination> {
        let delivered = self.methods.iter().filter_map(|(_, method)| method.binding.delivered());
        delivered.map(|delivered| delivered.destination.clone()).collect()
    }

    /// The account after a write: the next revision.
    pub fn revised(mut self) -> Account {
        self.revision += 1;
        self
    }

    /// The account after a write that ends sessions, resets and challenges.
    pub fn with_sessions_revoked(mut self) -> Account {
        self.generation += 1;
        self.revised()
    }
}
