//! Finishing registration.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::registration::continue_session::{commit_step, continue_session};
use crate::flow::steps::devices::wanted_device;
use crate::flow::steps::new_session::NewSession;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::save_account;
use crate::port::Store;
use crate::secret::Bearer;
use crate::session::{Reach, next_step};

/// Finishes registration. The session continues under a new bearer token, usually with all
/// rights of its role.
///
/// # Errors
/// `methodMissing` if too few kinds of method are registered.
pub async fn finish(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<NewSession, Problem> {
    let device = wanted_device(ctx, &bearer.handle);
    let who = signed_in(store, ctx, bearer, device.as_slice()).await?;
    let policy = &who.policy.policy;
    if who.account.registered_kinds(policy).len() < who.account.kinds_to_register(policy) {
        return Err(ProblemCode::MethodMissing.into());
    }
    let mut account = who.account.clone();
    account.registered_at = account.registered_at.or(Some(ctx.now));
    if who.session.reach == Reach::Register || account.confirmed_at.is_none() {
        account.confirmed_at = Some(ctx.now);
    }
    account.asked_at = None;
    let account = account.revised();
    let next = next_step(&account, policy, ctx.now);
    let saved = save_account(who.handle(), &who.account, account.clone());
    let (mut changes, answer) = continue_session(ctx, &who, account, next, Event::Registered);
    changes.push(saved);
    commit_step(store, ctx, "finish", &who, changes, answer).await
}
