//! Changing an account.

use crate::account::{Account, Role};
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{
    is_administrator, register_groups, still_acting, target, write_refused,
};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::{index_changes, save_account};
use crate::identity::{GroupName, TypedUserId};
use crate::language::Language;
use crate::port::{Change, KeyRing, Store, Want};
use crate::secret::Bearer;
use std::collections::BTreeSet;

/// The fields of an account to change. `None` leaves a field unchanged.
#[derive(Default)]
pub struct UserPatch {
    /// The new display name.
    pub name: Option<String>,
    /// The new language; `Some(None)` removes it.
    pub language: Option<Option<Language>>,
    /// The new role.
    pub role: Option<Role>,
    /// The complete new set of groups.
    pub groups: Option<BTreeSet<GroupName>>,
    /// Whether the account is enabled from now on.
    pub enabled: Option<bool>,
}

impl UserPatch {
    /// The names of the fields that the patch changes, for the audit entry.
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

/// Changes an account whose revision is still `seen`. If the role or `enabled` changes, the
/// account's sessions and resets end at once.
///
/// # Errors
/// `preconditionFailed` if the account has another revision; `lastAdministrator` if no
/// enabled administrator would remain; `notFound` or `forbidden` for an account that the
/// caller may not change.
pub async fn change_user(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
    seen: u64,
    patch: UserPatch,
) -> Result<Account, Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let joined = patch.groups.iter().flatten().map(Want::Group);
    let wants: Vec<Want<'_>> = std::iter::once(Want::Account(&handle)).chain(joined).collect();
    let who = signed_in(store, ctx, bearer, &wants).await?;
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let changed = patch.names();
    let after = patched(before, patch);
    register_groups(store, ctx, &who, &after.groups.difference(&before.groups).cloned().collect())
        .await?;
    let entry = AuditEntry {
        uid: Some(&before.uid),
        actor: Some(&who.account.uid),
        changed,
        ..AuditEntry::new(ctx, &handle, Event::UserChanged)
    };
    let mut changes = vec![entry.record(ctx, &who.policy.policy)];
    changes.extend(still_acting(&who, &handle));
    changes.extend(index_changes(&handle, Some(before), Some(&after)));
    match (is_administrator(before), is_administrator(&after)) {
        (false, true) => {
            changes.push(Change::AddAdministrator { handle: handle.clone(), first: false });
        }
        (true, false) => changes.push(Change::RemoveAdministrator { handle: handle.clone() }),
        (true, true) | (false, false) => {}
    }
    let after = if before.role != after.role || before.enabled != after.enabled {
        after.with_sessions_revoked()
    } else {
        after.revised()
    };
    changes.push(save_account(&handle, before, after.clone()));
    store.commit(ctx, "change", changes).await.map_err(write_refused)?;
    Ok(after)
}

fn patched(before: &Account, patch: UserPatch) -> Account {
    let before = before.clone();
    Account {
        name: patch.name.unwrap_or(before.name),
        groups: patch.groups.unwrap_or(before.groups),
        language: patch.language.unwrap_or(before.language),
        role: patch.role.unwrap_or(before.role),
        enabled: patch.enabled.unwrap_or(before.enabled),
        ..before
    }
}
