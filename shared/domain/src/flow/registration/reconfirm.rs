//! Confirming that one's methods are still correct.

use crate::account::Account;
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
use crate::session::Next;

/// Records that the user confirmed the methods. The session continues with all rights of its role.
///
/// # Errors
/// `nothingDue` if sign-in did not ask for a confirmation.
pub async fn reconfirm(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<NewSession, Problem> {
    let device = wanted_device(ctx, &bearer.handle);
    let who = signed_in(store, ctx, bearer, device.as_slice()).await?;
    if who.session.next(&who.account, &who.policy.policy, ctx.now) != Some(Next::Reconfirm) {
        return Err(ProblemCode::NothingDue.into());
    }
    let account = Account { confirmed_at: Some(ctx.now), ..who.account.clone() }.revised();
    let saved = save_account(who.handle(), &who.account, account.clone());
    let (mut changes, answer) =
        continue_session(ctx, &who, account, None, Event::RegistrationConfirmed);
    changes.push(saved);
    commit_step(store, ctx, "reconfirm", &who, changes, answer).await
}
