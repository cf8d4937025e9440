//! Continuing the session after a step of registration.

use crate::account::Account;
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::{issue_device, known_device};
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::new_session::{NewSession, SESSION_BEARER};
use crate::flow::steps::signed_in::SignedIn;
use crate::flow::steps::write::replace_session;
use crate::idempotency::Outcome;
use crate::port::{Change, Guard, Store};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Reach, Session};

/// Returns the new session, and the changes that replace the old session by it and record
/// `event`. The new session has a new bearer token and the reach of the next step.
pub(super) fn continue_session(
    ctx: &RequestContext,
    who: &SignedIn,
    account: Account,
    next: Option<Next>,
    event: Event,
) -> (Vec<Change>, NewSession) {
    let (handle, policy) = (who.handle(), &who.policy.policy);
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), ctx.secret(SESSION_BEARER));
    let session = Session::begin(&account, &bearer, next, who.session.proved_at, ctx.now);
    let entry = AuditEntry { uid: Some(&account.uid), ..AuditEntry::new(ctx, handle, event) };
    let mut changes = vec![entry.record(ctx, policy)];
    changes.extend(replace_session(&who.session, &session));
    changes.extend(record_outcome(ctx, handle, Outcome::Done));
    (changes, NewSession::of(bearer, session, account, policy, ctx.now))
}

/// Commits the changes of a step, and returns its answer. If the step was the last one, the
/// transaction also issues a device, unless a known device sent the request.
///
/// # Errors
/// `unavailable` if a guard failed or the table did not answer.
pub(super) async fn commit_step(
    store: &impl Store,
    ctx: &RequestContext,
    step: &'static str,
    who: &SignedIn,
    changes: Vec<Change>,
    answer: NewSession,
) -> Result<NewSession, Problem> {
    let handle = who.handle();
    let known = known_device(ctx, &who.read, Some(&who.account), handle).is_some();
    let mut attempts = Attempts::of(step);
    loop {
        attempts.begin()?;
        let issued = match answer.session.reach == Reach::Full && !known {
            true => issue_device(store, ctx, &attempts, &answer.account, handle).await?,
            false => None,
        };
        let (device, issued) = issued.unzip();
        let changes = changes.iter().cloned().chain(issued).collect();
        // If another request took the slot first, choose another. All other guards are as read.
        if attempts.commit(store, ctx, changes, &[Guard::Device]).await? {
            return Ok(answer.on(device));
        }
    }
}
