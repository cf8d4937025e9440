//! Reading what a reset needs next.

use crate::audit::SupportCode;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::reset::open::{mine, open_reset, proved};
use crate::kind::Kind;
use crate::port::{Store, Want};
use crate::reset::ResetId;
use crate::secret::Bearer;
use crate::time::Time;
use std::collections::BTreeSet;

/// Where a reset stands.
pub struct ResetView {
    pub verified: BTreeSet<Kind>,
    /// Whether a new password may be set, or one more kind is to be proved.
    pub ready: bool,
    pub expires: Time,
    pub support_code: SupportCode,
}

/// What is next in a reset, by the account and the policy as they are now. One
/// call. Where nothing was proved, a decoy looks the same.
pub async fn view_reset(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: &ResetId,
) -> Result<ResetView, Problem> {
    mine(bearer, id)?;
    let read = store
        .read(&[Want::Reset(&bearer.handle, id), Want::Account(&bearer.handle), Want::Policy])
        .await?;
    let reset = open_reset(&read, bearer, ctx)?;
    let ready = match proved(reset, read.account(&bearer.handle), &read.policy().policy) {
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
