//! Accounts, to those who look after them: one use case a file.

mod change;
mod create;
mod delete;
mod fields;
mod find;
mod help;
mod issue;
mod methods;

pub use change::{UserPatch, change_user};
pub(in crate::flow) use create::draft;
pub use create::{CreatedUser, NewUser, create_user};
pub use delete::delete_user;
pub use find::{Standing, can_reset, list_groups, list_users, view_methods, view_user};
pub use help::{require_registration, unlock};
pub use issue::{issue_password, issued_again};
pub use methods::remove_method;

use crate::account::{Account, GroupName, Handle, Role};
use crate::directory::FoundBy;
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::{SignedIn, signed_in};
use crate::port::{Call, Change, CommitError, Guard, Store, Want};
use crate::secret::Bearer;
use std::collections::BTreeSet;

async fn administrator(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
    wants: &[Want<'_>],
) -> Result<SignedIn, Problem> {
    signed_in(store, call, bearer, wants).await?.acting_as(Role::Administrator)
}

/// Administrators and the help desk.
async fn staff(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
    wants: &[Want<'_>],
) -> Result<SignedIn, Problem> {
    signed_in(store, call, bearer, wants)
        .await?
        .acting_as_any(&[Role::Administrator, Role::HelpDesk])
}

/// The help desk looks after users, not after those who could look after it.
fn looks_after(who: &SignedIn, account: &Account) -> bool {
    who.account.role == Role::Administrator || account.role == Role::User
}

/// The account that is spoken of.
fn target<'a>(who: &'a SignedIn, handle: &Handle) -> Result<&'a Account, Problem> {
    let account = who.read.account(handle).ok_or(ProblemCode::NotFound)?;
    match looks_after(who, account) {
        true => Ok(account),
        false => Err(ProblemCode::Forbidden.into()),
    }
}

/// Whether it is one of the administrators that count: nobody disables,
/// demotes or deletes the last of them.
fn is_administrator(account: &Account) -> bool {
    account.enabled && account.role == Role::Administrator
}

/// The guard of the act. A transaction names no item twice: where the account
/// that acts is itself written, that write has the guard.
fn still_acting(who: &SignedIn, written: &Handle) -> Option<Change> {
    (who.handle() != written).then(|| who.still_acting())
}

/// What leads to an account and did not before is written, what did and does
/// not any more is taken away.
pub(in crate::flow) fn listing(
    handle: &Handle,
    before: Option<&Account>,
    after: Option<&Account>,
) -> Vec<Change> {
    let found_by = |account: Option<&Account>| account.map(Account::found_by).unwrap_or_default();
    let (old, new) = (found_by(before), found_by(after));
    let unlist = |by: &FoundBy| Change::Unlist { handle: handle.clone(), by: by.clone() };
    let list = |by: &FoundBy| Change::List { handle: handle.clone(), by: by.clone() };
    old.difference(&new).map(unlist).chain(new.difference(&old).map(list)).collect()
}

/// Writes down groups that nobody was in before. It goes first, and alone:
/// with it a change of all groups would not fit one transaction, and a group
/// without members is not shown. Known groups are not written again, so that
/// no item is written by all.
async fn know_groups(
    store: &impl Store,
    call: &Call,
    who: &SignedIn,
    groups: &BTreeSet<GroupName>,
) -> Result<(), Problem> {
    let mut changes: Vec<Change> =
        groups.difference(&who.read.groups).cloned().map(Change::KnowGroup).collect();
    if changes.is_empty() {
        return Ok(());
    }
    changes.push(who.still_acting());
    store.commit(call, "groups", changes).await.map_err(refused)
}

fn refused(error: CommitError) -> Problem {
    if error.by(Guard::Actor) {
        ProblemCode::SignInRequired.into()
    } else if error.by(Guard::Administrators) {
        ProblemCode::LastAdministrator.into()
    } else if error.by(Guard::Account) {
        ProblemCode::PreconditionFailed.into()
    } else {
        error.into()
    }
}
