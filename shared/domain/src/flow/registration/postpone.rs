//! Postponing registration.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::registration::go_on::go_on;
use crate::flow::steps::new_session::NewSession;
use crate::flow::steps::signed_in::signed_in;
use crate::port::Store;
use crate::secret::Bearer;
use crate::session::postpone_until;

/// Puts off what sign-in asked for, as long as the policy's days last.
pub async fn postpone(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<NewSession, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    let policy = &who.policy.policy;
    let asked = who.session.next(&who.account, policy, ctx.now).ok_or(ProblemCode::NothingDue)?;
    postpone_until(&who.account, policy, Some(asked), ctx.now).ok_or(ProblemCode::PostponeOver)?;
    let (changes, answer) =
        go_on(ctx, &who, who.account.clone(), None, Event::RegistrationPostponed);
    store.commit(ctx, "postpone", changes).await?;
    Ok(answer)
}
