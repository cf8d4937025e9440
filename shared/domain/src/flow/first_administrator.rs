//! The first administrator: made by a direct invocation, which only the
//! cloud account's own rights allow. There is no other way in.

use super::{Told, fence, save_account};
use crate::account::{Account, Handle, Role};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::users::{CreatedUser, NewUser, draft, listing};
use crate::policy::Policy;
use crate::port::{Call, Change, Entropy, Guard, KeyRing, PasswordHasher, Store, Want};

/// Makes the first administrator, where there is none.
pub async fn create_first_administrator(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    new: NewUser,
) -> Result<CreatedUser, Problem> {
    let new = NewUser { role: Role::Administrator, ..new };
    let (user_id, created) = draft(hasher, entropy, call, new).await?;
    let handle = ring.keys().await?.handle(&user_id);
    let told = Told {
        uid: Some(&created.account.uid),
        ..Told::new(call, &handle, Event::AdministratorCreated)
    };
    let mut changes = vec![
        Change::CreateAccount {
            handle: handle.clone(),
            account: Box::new(created.account.clone()),
        },
        Change::AddAdministrator { handle: handle.clone(), first: true },
        told.record(call, &Policy::default(), entropy),
    ];
    changes.extend(listing(&handle, None, Some(&created.account)));
    match store.commit(call, "first", changes).await {
        Ok(()) => Ok(created),
        Err(error) if error.by(Guard::Administrators) => {
            again(store, entropy, call, &handle, created)
                .await?
                .ok_or_else(|| ProblemCode::AdministratorExists.into())
        }
        Err(error) if error.by(Guard::Account) => Err(ProblemCode::UserExists.into()),
        Err(error) => Err(error.into()),
    }
}

/// A new temporary password for an administrator of this user ID who never
/// used the first one: its answer was lost, or it was too late. Nothing else
/// opens this door again.
async fn again(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
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
    let account = account.fenced();
    let told =
        Told { uid: Some(&account.uid), ..Told::new(call, handle, Event::AdministratorCreated) };
    let mut changes = vec![
        save_account(handle, before, account.clone()),
        told.record(call, &Policy::default(), entropy),
    ];
    changes.extend(fence(call, handle));
    store.commit(call, "again", changes).await?;
    Ok(Some(CreatedUser { account, ..fresh }))
}
