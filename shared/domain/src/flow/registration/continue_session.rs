//! Continuing the session after a step of registration.

use crate::account::Account;
use crate::audit::Event;
use crate::context::RequestContext;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::new_session::{NewSession, SESSION_BEARER};
use crate::flow::steps::signed_in::SignedIn;
use crate::flow::steps::write::replace_session;
use crate::idempotency::Outcome;
use crate::port::Change;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session};

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
