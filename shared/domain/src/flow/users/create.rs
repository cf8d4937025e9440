//! A new account, with a temporary password.

use super::fields::{groups, name};
use super::issue::Issued;
use super::{administrator, know_groups, listing, refused};
use crate::account::{Account, Language, Role, TypedUserId, Uid};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::Told;
use crate::port::{Call, Change, Entropy, Guard, KeyRing, PasswordHasher, Store, Want, random};
use crate::repeat::Outcome;
use crate::secret::{Bearer, SecretString, random_text};
use crate::time::Time;
use std::collections::BTreeMap;

/// A person to make an account for.
pub struct NewUser {
    pub user_id: String,
    pub name: String,
    pub language: Option<Language>,
    pub role: Role,
    pub groups: Vec<String>,
}

/// A new account and its temporary password, handed out once.
pub struct CreatedUser {
    pub account: Account,
    pub temporary_password: SecretString,
    pub expires: Time,
}

/// Makes an account with a temporary password.
pub async fn create_user(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    new: NewUser,
) -> Result<CreatedUser, Problem> {
    let wanted = groups(&new.groups).unwrap_or_default();
    let who =
        administrator(store, call, bearer, &wanted.iter().map(Want::Group).collect::<Vec<_>>())
            .await?;
    let (user_id, created) = draft(hasher, entropy, call, new).await?;
    let handle = ring.keys().await?.handle(&user_id);
    know_groups(store, call, &who, &created.account.groups).await?;
    let told = Told {
        uid: Some(&created.account.uid),
        actor: Some(&who.account.uid),
        ..Told::new(call, &handle, Event::UserCreated)
    };
    let mut changes = vec![
        Change::CreateAccount {
            handle: handle.clone(),
            account: Box::new(created.account.clone()),
        },
        told.record(call, &who.policy.policy, entropy),
        who.still_acting(),
    ];
    changes.extend(listing(&handle, None, Some(&created.account)));
    changes.extend(call.remember(who.handle(), Outcome::Done));
    if created.account.role == Role::Administrator {
        changes.push(Change::AddAdministrator { handle: handle.clone(), first: false });
    }
    store.commit(call, "create", changes).await.map_err(|error| match error {
        error if error.by(Guard::Actor) => refused(error),
        error if error.by(Guard::Account) => ProblemCode::UserExists.into(),
        error => error.into(),
    })?;
    Ok(created)
}

/// Checks a new person's fields and makes their account, not yet stored.
pub(in crate::flow) async fn draft(
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    new: NewUser,
) -> Result<(TypedUserId, CreatedUser), Problem> {
    let typed = TypedUserId::new(new.user_id);
    let mut violations = Vec::new();
    if typed.canonical().is_none() {
        violations.push(Violation::new("/userId", ViolationCode::NotAUserId));
    }
    let name = name(&new.name).map_err(|v| violations.push(v));
    let groups = groups(&new.groups).map_err(|v| violations.push(v));
    let (Some(user_id), Ok(name), Ok(groups)) = (typed.canonical().cloned(), name, groups) else {
        return Err(Problem::invalid(violations));
    };
    let Issued { temporary_password, hash, expires } = Issued::new(hasher, entropy, call).await?;
    let account = Account {
        uid: Uid(random_text(random::<16>(entropy))),
        user_id,
        name,
        language: new.language,
        role: new.role,
        groups,
        enabled: true,
        generation: call.now.0 as u64,
        revision: 1,
        hash,
        temporary_until: Some(expires),
        methods: BTreeMap::new(),
        pending: BTreeMap::new(),
        created_at: call.now,
        registered_at: None,
        confirmed_at: None,
        asked_at: None,
        registration_required_at: None,
        unknown: BTreeMap::new(),
    };
    Ok((typed, CreatedUser { account, temporary_password, expires }))
}
