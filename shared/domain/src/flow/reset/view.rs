//! Reading the progress of a reset.

use crate::audit::SupportCode;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::reset::open::{check_bearer, open_reset, proved_account, read_proved};
use crate::kind::Kind;
use crate::port::Store;
use crate::reset::ResetId;
use crate::secret::Bearer;
use crate::time::Time;
use std::collections::BTreeSet;

/// The progress of a reset.
pub struct ResetView {
    /// The kinds of method that were proved.
    pub verified: BTreeSet<Kind>,
    /// Whether a new password may be set. If not, the user must verify one more kind of method.
    pub ready: bool,
    /// When the reset expires.
    pub expires: Time,
    /// The support code of the reset.
    pub support_code: SupportCode,
}

/// Returns the progress of a reset, judged by the current account and policy. Until a kind of
/// method is proved, a decoy looks the same as a real reset, and the account is not read.
///
/// # Errors
/// `resetEnded` if the reset has ended or does not belong to the bearer token.
pub async fn view_reset(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: &ResetId,
) -> Result<ResetView, Problem> {
    check_bearer(bearer, id)?;
    let read = read_proved(store, bearer, id, ctx).await?;
    let reset = open_reset(&read, bearer, ctx)?;
    let ready = match proved_account(reset, read.account(&bearer.handle), &read.policy().policy) {
        Ok(_) => true,
        Err(problem) if problem.code == ProblemCode::ProofMissing => false,
        Err(problem) => return Err(problem.with_support_code(&id.support_code())),
    };
    Ok(ResetView {
        ready,
        verified: reset.verified.clone(),
        expires: reset.exp,
        support_code: id.support_code(),
    })
}
