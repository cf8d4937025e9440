//! Creating an account with a temporary password.

use crate::account::{Account, Role};
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{register_groups, write_refused};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::temporary::{CreatedUser, Issued};
use crate::flow::steps::write::index_changes;
use crate::idempotency::Outcome;
use crate::identity::{GroupName, Uid, UserId};
use crate::language::Language;
use crate::methods::Methods;
use crate::port::{Change, Guard, KeyRing, PasswordHasher, Store, Want};
use crate::secret::{Bearer, random_text};
use std::collections::{BTreeMap, BTreeSet};

/// The account to create.
pub struct NewUser {
    /// The user ID.
    pub user_id: UserId,
    /// The display name, as [`display_name`](crate::account::display_name) returned it.
    pub name: String,
    /// The language of messages.
    pub language: Option<Language>,
    /// The role.
    pub role: Role,
    /// The groups of the account.
    pub groups: BTreeSet<GroupName>,
}

/// Creates an account with a temporary password.
///
/// # Errors
/// `userExists` if an account has this user ID.
pub async fn create_user(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    bearer: &Bearer,
    new: NewUser,
) -> Result<CreatedUser, Problem> {
    let wants: Vec<Want<'_>> = new.groups.iter().map(Want::Group).collect();
    let who = signed_in(store, ctx, bearer, &wants).await?;
    let handle = ring.keys().await?.handle_of(&new.user_id);
    let created = draft(hasher, ctx, new).await?;
    register_groups(store, ctx, &who, &created.account.groups).await?;
    let entry = AuditEntry {
        uid: Some(&created.account.uid),
        actor: Some(&who.account.uid),
        ..AuditEntry::new(ctx, &handle, Event::UserCreated)
    };
    let mut changes = vec![
        Change::CreateAccount {
            handle: handle.clone(),
            account: Box::new(created.account.clone()),
        },
        entry.record(ctx, &who.policy.policy),
        who.still_acting(),
    ];
    changes.extend(index_changes(&handle, None, Some(&created.account)));
    changes.extend(record_outcome(ctx, who.handle(), Outcome::Done));
    if created.account.role == Role::Administrator {
        changes.push(Change::AddAdministrator { handle: handle.clone(), first: false });
    }
    store.commit(ctx, "create", changes).await.map_err(|error| match error {
        error if error.by(Guard::Actor) => write_refused(error),
        error if error.by(Guard::Account) => ProblemCode::UserExists.into(),
        error => error.into(),
    })?;
    Ok(created)
}

/// Builds the account to store, and its temporary password.
pub(super) async fn draft(
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    new: NewUser,
) -> Result<CreatedUser, Problem> {
    let Issued { temporary_password, hash, expires } = Issued::new(hasher, ctx).await?;
    let account = Account {
        uid: Uid(random_text(ctx.random::<16>())),
        user_id: new.user_id,
        name: new.name,
        language: new.language,
        role: new.role,
        groups: new.groups,
        enabled: true,
        generation: ctx.now.0 as u64,
        devices_since: 0,
        revision: 1,
        hash,
        temporary_until: Some(expires),
        methods: Methods::default(),
        pending: Methods::default(),
        created_at: ctx.now,
        registered_at: None,
        confirmed_at: None,
        asked_at: None,
        review_since: None,
        registration_required_at: None,
        unknown: BTreeMap::new(),
    };
    Ok(CreatedUser { account, temporary_password, expires })
}
