//! Confirming one's methods: that they are still correct or, after a reset, that they are one's
//! own.

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
use crate::session::{Next, next_step, note_asked};

/// Records that the user confirmed the methods. All of them can reset the password from now on.
/// The session continues with its next step, usually with all rights of its role.
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
    let policy = &who.policy.policy;
    match who.session.next(&who.account, policy, ctx.now) {
        Some(Next::Review | Next::Reconfirm) => {}
        Some(Next::ChangePassword | Next::Register) | None => {
            return Err(ProblemCode::NothingDue.into());
        }
    }
    let mut account = who.account.clone();
    account.confirm_methods(ctx.now);
    let next = next_step(&account, policy, ctx.now);
    note_asked(&mut account, next, ctx.now);
    let account = account.revised();
    let saved = save_account(who.handle(), &who.account, account.clone());
    let (mut changes, answer) =
        continue_session(ctx, &who, account, next, Event::RegistrationConfirmed);
    changes.push(saved);
    commit_step(store, ctx, "reconfirm", &who, changes, answer).await
}
