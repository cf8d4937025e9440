//! The first administrator: made by a direct invocation, which only the
//! cloud account's own rights allow. There is no other way in.

use super::Told;
use crate::account::Role;
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::manage_users::{CreatedUser, NewUser, draft};
use crate::policy::Policy;
use crate::port::{Call, Change, Entropy, Guard, KeyRing, PasswordHasher, Store};

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
    let told = Told { uid: Some(&created.account.uid), ..Told::new(call, &handle, Event::AdministratorCreated) };
    let changes = vec![
        Change::CreateAccount { handle: handle.clone(), account: Box::new(created.account.clone()) },
        Change::AddAdministrator { handle: handle.clone(), first: true },
        told.record(call, &Policy::default(), entropy),
    ];
    store.commit(call, "first", changes).await.map_err(|error| {
        if error.by(Guard::Administrators) {
            ProblemCode::AdministratorExists.into()
        } else if error.by(Guard::Account) {
            ProblemCode::UserExists.into()
        } else {
            Problem::from(error)
        }
    })?;
    Ok(created)
}
