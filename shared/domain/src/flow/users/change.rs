//! A change of an account: JSON Merge Patch, over the revision that was seen.

use super::fields::{groups, name};
use super::{administrator, is_administrator, know_groups, listing, refused, still_acting, target};
use crate::account::{Account, Language, Role, TypedUserId};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::{Told, fence, save_account};
use crate::port::{Call, Change, Entropy, KeyRing, Store, Want};
use crate::secret::Bearer;

/// What to change of an account; `None` leaves it. A language may be taken
/// away again.
#[derive(Default)]
pub struct UserPatch {
    pub name: Option<String>,
    pub language: Option<Option<Language>>,
    pub role: Option<Role>,
    pub groups: Option<Vec<String>>,
    pub enabled: Option<bool>,
}

impl UserPatch {
    /// The fields it names, for the audit trail.
    fn names(&self) -> Vec<String> {
        let named = [
            ("name", self.name.is_some()),
            ("language", self.language.is_some()),
            ("role", self.role.is_some()),
            ("groups", self.groups.is_some()),
            ("enabled", self.enabled.is_some()),
        ];
        named.into_iter().filter(|(_, set)| *set).map(|(name, _)| name.to_owned()).collect()
    }
}

/// Changes an account over the revision the administrator has seen. What
/// moves role or enabled ends its sessions, resets and challenges at once.
#[allow(clippy::too_many_arguments, reason = "each is a port or a part of the request")]
pub async fn change_user(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
    seen: u64,
    patch: UserPatch,
) -> Result<Account, Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    let joined = patch.groups.as_deref().map(groups).and_then(Result::ok).unwrap_or_default();
    let wants: Vec<Want<'_>> =
        std::iter::once(Want::Account(&handle)).chain(joined.iter().map(Want::Group)).collect();
    let who = administrator(store, call, bearer, &wants).await?;
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let changed = patch.names();
    let after = patched(before, patch)?;
    know_groups(store, call, &who, &after.groups.difference(&before.groups).cloned().collect())
        .await?;
    let told = Told {
        uid: Some(&before.uid),
        actor: Some(&who.account.uid),
        changed,
        ..Told::new(call, &handle, Event::UserChanged)
    };
    let mut changes = vec![told.record(call, &who.policy.policy, entropy)];
    changes.extend(still_acting(&who, &handle));
    changes.extend(listing(&handle, Some(before), Some(&after)));
    match (is_administrator(before), is_administrator(&after)) {
        (false, true) => {
            changes.push(Change::AddAdministrator { handle: handle.clone(), first: false })
        }
        (true, false) => changes.push(Change::RemoveAdministrator { handle: handle.clone() }),
        (true, true) | (false, false) => {}
    }
    let after = if before.role != after.role || before.enabled != after.enabled {
        changes.extend(fence(call, &handle));
        after.fenced()
    } else {
        after.revised()
    };
    changes.push(save_account(&handle, before, after.clone()));
    store.commit(call, "change", changes).await.map_err(refused)?;
    Ok(after)
}

fn patched(before: &Account, patch: UserPatch) -> Result<Account, Problem> {
    let mut after = before.clone();
    let mut violations = Vec::new();
    if let Some(text) = patch.name {
        name(&text).map_or_else(|v| violations.push(v), |name| after.name = name);
    }
    if let Some(list) = patch.groups {
        groups(&list).map_or_else(|v| violations.push(v), |groups| after.groups = groups);
    }
    after.language = patch.language.unwrap_or(after.language);
    after.role = patch.role.unwrap_or(after.role);
    after.enabled = patch.enabled.unwrap_or(after.enabled);
    if violations.is_empty() { Ok(after) } else { Err(Problem::invalid(violations)) }
}
