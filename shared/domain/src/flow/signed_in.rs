//! Who is signed in: one read, the same for every route that needs a session.

use crate::account::{Account, Handle, Role};
use crate::error::{Problem, ProblemCode};
use crate::policy::SavedPolicy;
use crate::port::{Call, Change, CommitError, Snapshot, Store, Want};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Reach, Session};

/// A living session, its account and the policy, of one read.
pub struct SignedIn {
    pub account: Account,
    pub session: Session,
    pub policy: SavedPolicy,
    /// Whatever else was wanted.
    pub read: Snapshot,
}

impl SignedIn {
    pub fn handle(&self) -> &Handle {
        &self.session.handle
    }

    /// Refuses a session that reaches something else.
    pub fn reaching(self, reaches: &[Reach]) -> Result<SignedIn, Problem> {
        match reaches.contains(&self.session.reach) {
            true => Ok(self),
            false => Err(ProblemCode::StepRequired.into()),
        }
    }

    /// Refuses everybody without this role, and limited sessions.
    pub fn acting_as(self, role: Role) -> Result<SignedIn, Problem> {
        self.acting_as_any(&[role])
    }

    /// Refuses everybody with none of these roles, and limited sessions.
    pub fn acting_as_any(self, roles: &[Role]) -> Result<SignedIn, Problem> {
        if !roles.contains(&self.account.role) {
            return Err(ProblemCode::Forbidden.into());
        }
        self.reaching(&[Reach::Full])
    }

    /// The guard of an act: whoever was disabled, demoted or deleted between
    /// read and write cannot finish it.
    pub fn still_acting(&self) -> Change {
        let Account { uid, generation, .. } = &self.account;
        Change::CheckAccount {
            handle: self.handle().clone(),
            uid: uid.clone(),
            generation: *generation,
        }
    }
}

/// Reads the bearer's session together with `wants`. One call; a second where
/// the session's use must be written down.
pub async fn signed_in(
    store: &impl Store,
    call: &Call,
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
    if !session.lives(&account, call.now) {
        return Err(ProblemCode::SignInRequired.into());
    }
    if session.renewal_due(call.now) {
        let touch = Change::TouchSession {
            handle: bearer.handle.clone(),
            digest: session.digest.clone(),
            now: call.now,
        };
        store.commit(call, "seen", vec![touch]).await.map_err(|error| match error {
            CommitError::Refused { .. } => ProblemCode::SignInRequired.into(),
            CommitError::Unavailable => Problem::unavailable(),
        })?;
    }
    Ok(SignedIn { account, session, policy: read.policy(), read })
}
