//! The new session in an answer.

use crate::account::Account;
use crate::context::RequestContext;
use crate::device::DeviceToken;
use crate::error::Problem;
use crate::flow::steps::devices::device_again;
use crate::flow::steps::signed_in::valid_session;
use crate::identity::Handle;
use crate::policy::Policy;
use crate::port::Store;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session, postpone_until};
use crate::time::Time;

/// A new session, and the fields that the answer shows with it.
pub struct NewSession {
    /// The bearer token. It is shown only in this answer.
    pub bearer: Bearer,
    /// The next step of the user, if any.
    pub next: Option<Next>,
    /// The end of the time in which that step may be postponed.
    pub postpone_until: Option<Time>,
    /// The session.
    pub session: Session,
    /// The account of the session.
    pub account: Account,
    /// The token of the device to hand out: a new one or, once a day, that of the cookie again.
    pub device: Option<DeviceToken>,
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
            device: None,
        }
    }

    /// Returns the same session with the token of its device.
    pub(in crate::flow) fn on(self, device: Option<DeviceToken>) -> NewSession {
        NewSession { device, ..self }
    }
}

/// The name that the random bytes of a session's bearer token are derived from.
pub(in crate::flow) const SESSION_BEARER: &str = "session";

/// Returns the session that an earlier idempotent request created, for its repetition.
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
    let session = NewSession::of(bearer, who.session, who.account, &who.policy.policy, ctx.now);
    Ok(session.on(device_again(store, ctx, handle).await?))
}
