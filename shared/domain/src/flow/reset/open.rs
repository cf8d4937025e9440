//! Who is in a reset: its bearer, its own id, and the reset while it goes on.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::policy::Policy;
use crate::port::{CommitError, Guard, Snapshot};
use crate::reset::{Reset, ResetId};
use crate::secret::{Bearer, BearerKind};

/// Whether this bearer is the reset's; no call for any other.
pub(super) fn mine(bearer: &Bearer, id: &ResetId) -> Result<(), Problem> {
    match bearer.kind == BearerKind::Reset && ResetId::of(bearer) == *id {
        true => Ok(()),
        false => Err(ProblemCode::ResetEnded.into()),
    }
}

/// The reset of this bearer, while it goes on. That it has ended is told with
/// its own support code: that one leads to why.
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

/// The account, where enough was proved for it as it is now.
pub(super) fn proved<'a>(
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

/// The problem of a refused write: the reset has ended, or the store failed.
pub(super) fn ended_or(error: CommitError) -> Problem {
    match error.by(Guard::Reset) {
        true => ProblemCode::ResetEnded.into(),
        false => error.into(),
    }
}
