//! Postponing registration.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::registration::continue_session::{commit_step, continue_session};
use crate::flow::steps::devices::wanted_device;
use crate::flow::steps::new_session::NewSession;
use crate::flow::steps::signed_in::signed_in;
use crate::port::Store;
use crate::secret::Bearer;
use crate::session::postpone_until;

/// Postpones the step that sign-in asked for. The session continues with all rights of its role.
///
/// # Errors
/// `nothingDue` if sign-in asked for no step; `postponeOver` if the postponement period has ended.
pub async fn postpone(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<NewSession, Problem> {
    let device = wanted_device(ctx, &bearer.handle);
    let who = signed_in(store, ctx, bearer, device.as_slice()).await?;
    let policy = &who.policy.policy;
    let step = who.session.next(&who.account, policy, ctx.now).ok_or(ProblemCode::NothingDue)?;
    postpone_until(&who.account, policy, Some(step), ctx.now).ok_or(ProblemCode::PostponeOver)?;
    let (changes, answer) =
        continue_session(ctx, &who, who.account.clone(), None, Event::RegistrationPostponed);
    commit_step(store, ctx, "postpone", &who, changes, answer).await
}
