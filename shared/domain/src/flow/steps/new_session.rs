//! The session that an answer hands out.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::signed_in::living_session;
use crate::identity::Handle;
use crate::policy::Policy;
use crate::port::Store;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session, postpone_until};
use crate::time::Time;

/// A session that was just made. The bearer is handed out once.
pub struct NewSession {
    pub bearer: Bearer,
    pub next: Option<Next>,
    /// Until when that may be put off.
    pub postpone_until: Option<Time>,
    pub session: Session,
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

/// Names the random bytes of a session's bearer.
pub(in crate::flow) const SESSION_BEARER: &str = "session";

/// The session that a request made, again, as long as it lives.
pub async fn session_again(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
) -> Result<NewSession, Problem> {
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), ctx.secret(SESSION_BEARER));
    let who = living_session(store, ctx, &bearer, &[]).await?;
    Ok(NewSession::of(bearer, who.session, who.account, &who.policy.policy, ctx.now))
}
