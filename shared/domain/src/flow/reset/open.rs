//! Checks for every request of a reset: the bearer token, the reset, and its proved kinds of
//! method.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::policy::Policy;
use crate::port::{CommitError, Guard, Snapshot, Store, Want};
use crate::reset::{Reset, ResetId};
use crate::secret::{Bearer, BearerKind};

/// Checks that a bearer token belongs to the reset with this ID. It needs no read.
///
/// # Errors
/// `resetEnded` if the token belongs to another reset or to a session.
pub(super) fn check_bearer(bearer: &Bearer, id: &ResetId) -> Result<(), Problem> {
    match bearer.kind == BearerKind::Reset && ResetId::of(bearer) == *id {
        true => Ok(()),
        false => Err(ProblemCode::ResetEnded.into()),
    }
}

/// Reads the reset and the policy and, once a kind of method is proved, the account. Without a
/// proof the account is not read, so the time of the answer cannot depend on it.
///
/// The two reads are not one view of the table. A write that is based on them must have guards on
/// all three.
///
/// # Errors
/// `resetEnded` if the reset has ended.
pub(super) async fn read_proved(
    store: &impl Store,
    bearer: &Bearer,
    id: &ResetId,
    ctx: &RequestContext,
) -> Result<Snapshot, Problem> {
    let handle = &bearer.handle;
    let mut read = store.read(&[Want::Reset(handle, id), Want::Policy]).await?;
    if !open_reset(&read, bearer, ctx)?.verified.is_empty() {
        read.accounts = store.read(&[Want::Account(handle)]).await?.accounts;
    }
    Ok(read)
}

/// Returns the open reset of this bearer token.
///
/// # Errors
/// `resetEnded` if the reset has ended. The problem has the reset's support code, by which the
/// help desk finds the reason.
pub(super) fn open_reset<'a>(
    read: &'a Snapshot,
    bearer: &Bearer,
    ctx: &RequestContext,
) -> Result<&'a Reset, Problem> {
    read.reset.as_ref().filter(|reset| reset.is_open(bearer, ctx.now)).ok_or_else(|| {
        Problem::from(ProblemCode::ResetEnded)
            .with_support_code(&ResetId::of(bearer).support_code())
    })
}

/// Returns the account, if the reset has proved enough kinds of method for the account's
/// current state.
///
/// # Errors
/// `proofMissing` if more kinds must be proved; `resetEnded` if the account has changed or may
/// no longer reset its password.
pub(super) fn proved_account<'a>(
    reset: &Reset,
    account: Option<&'a Account>,
    policy: &Policy,
) -> Result<&'a Account, Problem> {
    if !reset.is_real() || reset.verified.is_empty() {
        return Err(ProblemCode::ProofMissing.into());
    }
    let account =
        account.filter(|a| reset.is_of(a) && a.in_scope(policy)).ok_or(ProblemCode::ResetEnded)?;
    if reset.proofs(account, policy).len() < account.kinds_needed(policy) {
        return Err(ProblemCode::ProofMissing.into());
    }
    Ok(account)
}

/// Returns the problem for a refused write: `resetEnded` if the reset has ended, and
/// `unavailable` otherwise.
pub(super) fn write_refused(error: CommitError) -> Problem {
    match error.by(Guard::Reset) {
        true => ProblemCode::ResetEnded.into(),
        false => error.into(),
    }
}
