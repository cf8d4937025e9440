//! The account that an administrative request acts on, and the guards of its write.

use crate::account::{Account, Role};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::signed_in::SignedIn;
use crate::identity::{GroupName, Handle};
use crate::port::{Change, CommitError, Guard, Store};
use std::collections::BTreeSet;

/// Whether the caller may see and change this account. The help desk may do so for users only,
/// not for other staff.
pub(super) fn looks_after(who: &SignedIn, account: &Account) -> bool {
    who.account.role == Role::Administrator || account.role == Role::User
}

/// Returns the account that the request names.
///
/// # Errors
/// `notFound` if the account does not exist; `forbidden` if the caller may not see and change it.
pub(super) fn target<'a>(who: &'a SignedIn, handle: &Handle) -> Result<&'a Account, Problem> {
    let account = who.read.account(handle).ok_or(ProblemCode::NotFound)?;
    match looks_after(who, account) {
        true => Ok(account),
        false => Err(ProblemCode::Forbidden.into()),
    }
}

/// Whether the account is an enabled administrator. The last one cannot be disabled, demoted or
/// deleted.
pub(super) fn is_administrator(account: &Account) -> bool {
    account.enabled && account.role == Role::Administrator
}

/// Returns the guard that the caller's own account still allows the action. `None` if `written`
/// is the caller's own account: a transaction may not name an item twice, and the write of that
/// account has the same guard.
pub(super) fn still_acting(who: &SignedIn, written: &Handle) -> Option<Change> {
    (who.handle() != written).then(|| who.still_acting())
}

/// Registers the groups that are not registered yet, in a separate transaction, because a
/// change of all groups fills one. Registered groups are not written again, so that requests do
/// not all write the same item.
pub(super) async fn register_groups(
    store: &impl Store,
    ctx: &RequestContext,
    who: &SignedIn,
    groups: &BTreeSet<GroupName>,
) -> Result<(), Problem> {
    let mut changes: Vec<Change> =
        groups.difference(&who.read.groups).cloned().map(Change::RegisterGroup).collect();
    if changes.is_empty() {
        return Ok(());
    }
    changes.push(who.still_acting());
    store.commit(ctx, "groups", changes).await.map_err(write_refused)
}

/// Returns the problem for a refused write of an account.
pub(super) fn write_refused(error: CommitError) -> Problem {
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
