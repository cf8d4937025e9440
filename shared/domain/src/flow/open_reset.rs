//! Who is in a reset: its bearer, its own id, and the reset while it goes on.

use crate::error::{Problem, ProblemCode};
use crate::port::{Call, Snapshot};
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
    call: &Call,
) -> Result<&'a Reset, Problem> {
    read.reset.as_ref().filter(|reset| reset.is_open(bearer, call.now)).ok_or_else(|| {
        Problem::from(ProblemCode::ResetEnded)
            .with_support_code(&ResetId::of(bearer).support_code())
    })
}
