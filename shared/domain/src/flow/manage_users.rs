//! Accounts, to administrators.

use super::{Told, fence, save_account};
use crate::account::{Account, GroupName, Handle, Language, MAX_GROUPS, MAX_NAME, Role, TypedUserId, Uid};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::signed_in::{SignedIn, signed_in};
use crate::password::{Password, TEMPORARY, temporary};
use crate::port::{Call, Change, CommitError, Entropy, Guard, KeyRing, Page, PasswordHasher, Store, Want, random};
use crate::secret::{Bearer, SecretString, random_text};
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};

/// A person to make an account for.
pub struct NewUser {
    pub user_id: String,
    pub name: String,
    pub language: Option<Language>,
    pub role: Role,
    pub groups: Vec<String>,
}

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
    let who = administrator(store, call, bearer, &[]).await?;
    let (user_id, created) = draft(hasher, entropy, call, new).await?;
    let handle = ring.keys().await?.handle(&user_id);
    let told = Told { uid: Some(&created.account.uid), actor: Some(&who.account.uid), ..Told::new(call, &handle, Event::UserCreated) };
    let mut changes = vec![
        Change::CreateAccount { handle: handle.clone(), account: Box::new(created.account.clone()) },
        told.record(call, &who.policy.policy, entropy),
    ];
    if created.account.role == Role::Administrator {
        changes.push(Change::AddAdministrator { handle: handle.clone(), first: false });
    }
    store.commit(call, "create", changes).await.map_err(|error| match error.by(Guard::Account) {
        true => ProblemCode::UserExists.into(),
        false => Problem::from(error),
    })?;
    Ok(created)
}

/// Checks a new person's fields and makes their account, not yet stored.
pub(super) async fn draft(
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
    let temporary_password = temporary(random(entropy));
    let hash = hasher.hash(&Password::new(&temporary_password), random(entropy)).await?;
    let expires = call.now + TEMPORARY;
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
        unknown: BTreeMap::new(),
    };
    Ok((typed, CreatedUser { account, temporary_password, expires }))
}

/// One account.
pub async fn view_user(store: &impl Store, ring: &impl KeyRing, call: &Call, bearer: &Bearer, user_id: String) -> Result<Account, Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    target(&administrator(store, call, bearer, &[Want::Account(&handle)]).await?, &handle)
}

/// Accounts in a stable order.
pub async fn list_users(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    administrator(store, call, bearer, &[]).await?;
    store.list_accounts(limit, from).await
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
    let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let changed = patch.names();
    let after = patched(&before, patch)?;
    let told = Told { uid: Some(&before.uid), actor: Some(&who.account.uid), changed, ..Told::new(call, &handle, Event::UserChanged) };
    let mut changes = vec![told.record(call, &who.policy.policy, entropy)];
    match (is_administrator(&before), is_administrator(&after)) {
        (false, true) => changes.push(Change::AddAdministrator { handle: handle.clone(), first: false }),
        (true, false) => changes.push(Change::RemoveAdministrator { handle: handle.clone() }),
        (true, true) | (false, false) => {}
    }
    let after = if before.role != after.role || before.enabled != after.enabled {
        changes.extend(fence(call, &handle));
        after.fenced()
    } else {
        after.revised()
    };
    changes.push(save_account(&handle, &before, after.clone()));
    store.commit(call, "change", changes).await.map_err(not_changed)?;
    Ok(after)
}

/// Deletes an account over the revision the administrator has seen. Personal
/// data goes at once; the audit trail keeps the internal id.
pub async fn delete_user(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
    seen: u64,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let told = Told { uid: Some(&before.uid), actor: Some(&who.account.uid), ..Told::new(call, &handle, Event::UserDeleted) };
    let mut changes = vec![
        told.record(call, &who.policy.policy, entropy),
        Change::DeleteAccount { handle: handle.clone(), uid: before.uid.clone(), revision: before.revision },
        Change::ClearLock { handle: handle.clone() },
    ];
    changes.extend(fence(call, &handle));
    if is_administrator(&before) {
        changes.push(Change::RemoveAdministrator { handle: handle.clone() });
    }
    store.commit(call, "delete", changes).await.map_err(not_changed)
}

async fn administrator(store: &impl Store, call: &Call, bearer: &Bearer, wants: &[Want<'_>]) -> Result<SignedIn, Problem> {
    signed_in(store, call, bearer, wants).await?.acting_as(Role::Administrator)
}

fn target(who: &SignedIn, handle: &Handle) -> Result<Account, Problem> {
    who.read.account(handle).cloned().ok_or_else(|| ProblemCode::NotFound.into())
}

/// Whether it is one of the administrators that count: nobody disables,
/// demotes or deletes the last of them.
fn is_administrator(account: &Account) -> bool {
    account.enabled && account.role == Role::Administrator
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

fn not_changed(error: CommitError) -> Problem {
    if error.by(Guard::Administrators) {
        ProblemCode::LastAdministrator.into()
    } else if error.by(Guard::Account) {
        ProblemCode::PreconditionFailed.into()
    } else {
        error.into()
    }
}

fn name(text: &str) -> Result<String, Violation> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned()).ok_or_else(|| Violation::new("/name", ViolationCode::NotAName))
}

fn groups(list: &[String]) -> Result<BTreeSet<GroupName>, Violation> {
    if list.len() > MAX_GROUPS {
        return Err(Violation::out_of_range("/groups", 0, MAX_GROUPS as u32));
    }
    let parse = |(i, text): (usize, &String)| {
        GroupName::parse(text).ok_or_else(|| Violation::new(&format!("/groups/{i}"), ViolationCode::NotAGroup))
    };
    list.iter().enumerate().map(parse).collect()
}
