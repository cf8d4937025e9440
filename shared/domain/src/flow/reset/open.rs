//! Checks that every request of a reset makes: the bearer, the reset, and its proofs.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::policy::Policy;
use crate::port::{CommitError, Guard, Snapshot};
use crate::reset::{Reset, ResetId};
use crate::secret::{Bearer, BearerKind};

/// Checks that a bearer belongs to the reset with this ID. It needs no read.
///
/// # Errors
/// `resetEnded` if it does not.
pub(super) fn check_bearer(bearer: &Bearer, id: &ResetId) -> Result<(), Problem> {
    match bearer.kind == BearerKind::Reset && ResetId::of(bearer) == *id {
        true => Ok(()),
        false => Err(ProblemCode::ResetEnded.into()),
    }
}

/// The reset of this bearer.
///
/// # Errors
/// `resetEnded` if it has ended. The problem has the reset's support code, by which the help desk
/// finds the reason.
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

/// The account, if the reset has proved enough kinds for the account as it is now.
///
/// # Errors
/// `proofMissing` if more kinds must be proved; `resetEnded` if the account has changed or may not
/// reset its password any more.
pub(super) fn proved_account<'a>(
    reset: &Reset,
    account: Option<&'a Account>,
    policy: &Policy,
) -> Result<&'a Account, Problem> {
    if !reset.real || reset.verified.is_empty() {
        return Err(ProblemCode::ProofMissing.into());
    }
    let account =
        account.filter(|a| reset.is_of(a) && a.in_scope(policy)).ok_or(ProblemCode::ResetEnded)?;
    if reset.proofs(account, policy) < account.kinds_needed(policy) {
        return Err(ProblemCode::ProofMissing.into());
    }
    Ok(account)
}

/// The problem for a write that was refused: `resetEnded` if the reset has ended, and
/// `unavailable` for every other reason.
pub(super) fn write_refused(error: CommitError) -> Problem {
    match error.by(Guard::Reset) {
        true => ProblemCode::ResetEnded.into(),
        false => error.into(),
    }
}
