//! Creating the first administrator.
//!
//! Only a direct invocation of the function `directory` does this, and only rights in the AWS
//! account allow one. The API has no route for it.

use crate::account::{Account, Role};
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::create_user::{NewUser, draft};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::temporary::CreatedUser;
use crate::flow::steps::write::{index_changes, save_account};
use crate::identity::Handle;
use crate::policy::Policy;
use crate::port::{Change, Guard, KeyRing, PasswordHasher, Store, Want};

/// Creates the first administrator. If an administrator with this user ID exists and still has
/// a temporary password, issues another one.
///
/// # Errors
/// `administratorExists` if there is another administrator; `userExists` if an account has
/// this user ID.
pub async fn create_first_administrator(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    new: NewUser,
) -> Result<CreatedUser, Problem> {
    let new = NewUser { role: Role::Administrator, ..new };
    let handle = ring.keys().await?.handle_of(&new.user_id);
    let created = draft(hasher, ctx, new).await?;
    let entry = AuditEntry {
        uid: Some(&created.account.uid),
        ..AuditEntry::new(ctx, &handle, Event::AdministratorCreated)
    };
    let mut changes = vec![
        Change::CreateAccount {
            handle: handle.clone(),
            account: Box::new(created.account.clone()),
        },
        Change::AddAdministrator { handle: handle.clone(), first: true },
        entry.record(ctx, &Policy::default()),
    ];
    changes.extend(index_changes(&handle, None, Some(&created.account)));
    match store.commit(ctx, "first", changes).await {
        Ok(()) => Ok(created),
        Err(error) if error.by(Guard::Administrators) => reissue(store, ctx, &handle, created)
            .await?
            .ok_or_else(|| ProblemCode::AdministratorExists.into()),
        Err(error) if error.by(Guard::Account) => Err(ProblemCode::UserExists.into()),
        Err(error) => Err(error.into()),
    }
}

/// Issues a new temporary password to the administrator with this handle, if that administrator
/// still has the first one (the answer was lost, or it expired). Returns `None` in every other
/// case.
async fn reissue(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
    fresh: CreatedUser,
) -> Result<Option<CreatedUser>, Problem> {
    let read = store.read(&[Want::Account(handle)]).await?;
    let waiting =
        |a: &&Account| a.role == Role::Administrator && a.enabled && a.temporary_until.is_some();
    let Some(before) = read.account(handle).filter(waiting) else { return Ok(None) };
    let mut account = before.clone();
    account.hash = fresh.account.hash.clone();
    account.temporary_until = fresh.account.temporary_until;
    let account = account.with_sessions_revoked();
    let entry = AuditEntry {
        uid: Some(&account.uid),
        ..AuditEntry::new(ctx, handle, Event::AdministratorCreated)
    };
    let changes =
        vec![save_account(handle, before, account.clone()), entry.record(ctx, &Policy::default())];
    store.commit(ctx, "again", changes).await?;
    Ok(Some(CreatedUser { account, ..fresh }))
}
