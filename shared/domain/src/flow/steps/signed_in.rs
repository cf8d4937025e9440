//! Reading the session of a request, for every route that needs one.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::write::check_account;
use crate::identity::Handle;
use crate::policy::saved::SavedPolicy;
use crate::port::{Change, CommitError, Snapshot, Store, Want};
use crate::secret::{Bearer, BearerKind};
use crate::session::Session;

/// A valid session with its account and the policy, from one read.
pub struct SignedIn {
    /// The account of the session.
    pub account: Account,
    /// The session.
    pub session: Session,
    /// The policy.
    pub policy: SavedPolicy,
    /// The other items that the caller asked for.
    pub read: Snapshot,
}

impl SignedIn {
    /// The handle of the account (keyed pseudonym of its user ID).
    pub fn handle(&self) -> &Handle {
        &self.session.handle
    }

    /// Returns the guard for an action on another account. It fails if the caller was disabled,
    /// deleted or given another role between read and write.
    pub fn still_acting(&self) -> Change {
        check_account(self.handle(), &self.account)
    }
}

/// Reads the session of the bearer token together with `wants`, and checks that it may call the
/// route. This costs one call to the table, and a second one if the use of the session must be
/// recorded.
///
/// # Errors
/// `signInRequired` without a valid session, and the problems of [`Access::admits`].
///
/// [`Access::admits`]: crate::access::Access::admits
pub async fn signed_in(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    wants: &[Want<'_>],
) -> Result<SignedIn, Problem> {
    let who = valid_session(store, ctx, bearer, wants).await?;
    ctx.access.admits(who.account.role, who.session.reach)?;
    Ok(who)
}

/// Reads the session of the bearer token like [`signed_in`], but does not check the route: for
/// a session that this request itself created.
pub(in crate::flow) async fn valid_session(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    wants: &[Want<'_>],
) -> Result<SignedIn, Problem> {
    if bearer.kind != BearerKind::Session {
        return Err(ProblemCode::SignInRequired.into());
    }
    let mut all = vec![Want::Session(bearer), Want::Account(&bearer.handle), Want::Policy];
    all.extend_from_slice(wants);
    let read = store.read(&all).await?;
    let (Some(session), Some(account)) =
        (read.session.clone(), read.account(&bearer.handle).cloned())
    else {
        return Err(ProblemCode::SignInRequired.into());
    };
    if !session.lives(&account, ctx.now) {
        return Err(ProblemCode::SignInRequired.into());
    }
    if session.renewal_due(ctx.now) {
        let touch = Change::TouchSession {
            handle: bearer.handle.clone(),
            digest: session.digest.clone(),
            now: ctx.now,
        };
        store.commit(ctx, "seen", vec![touch]).await.map_err(|error| match error {
            CommitError::Refused { .. } => ProblemCode::SignInRequired.into(),
            CommitError::Unavailable => Problem::unavailable(),
        })?;
    }
    Ok(SignedIn { account, session, policy: read.policy(), read })
}
