//! The new session that an answer contains.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::signed_in::valid_session;
use crate::identity::Handle;
use crate::policy::Policy;
use crate::port::Store;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session, postpone_until};
use crate::time::Time;

/// A new session, and what an answer shows with it.
pub struct NewSession {
    /// The bearer. Only this answer hands it out.
    pub bearer: Bearer,
    /// What the user must do next.
    pub next: Option<Next>,
    /// Until when that may be postponed.
    pub postpone_until: Option<Time>,
    /// The session.
    pub session: Session,
    /// The account of the session.
    pub account: Account,
}

impl NewSession {
    pub(in crate::flow) fn of(
        bearer: Bearer,
        session: Session,
        account: Account,
        policy: &Policy,
        now: Time,
    ) -> NewSession {
        let next = session.next(&account, policy, now);
        NewSession {
            bearer,
            next,
            postpone_until: postpone_until(&account, policy, next, now),
            session,
            account,
        }
    }
}

/// The name of the random bytes that a session's bearer is made from.
pub(in crate::flow) const SESSION_BEARER: &str = "session";

/// The session that an earlier idempotent request made, for its repetition.
///
/// # Errors
/// `signInRequired` if the session has ended.
pub async fn session_again(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
) -> Result<NewSession, Problem> {
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), ctx.secret(SESSION_BEARER));
    let who = valid_session(store, ctx, &bearer, &[]).await?;
    Ok(NewSession::of(bearer, who.session, who.account, &who.policy.policy, ctx.now))
}
