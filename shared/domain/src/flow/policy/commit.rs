//! Saving the next version of the policy item, which holds the policy and the version of the
//! terms.

use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::signed_in::SignedIn;
use crate::policy::saved::SavedPolicy;
use crate::port::{Change, Guard, Store};

/// Returns a copy of the policy that was read, with the next version and this administrator as
/// its author.
pub(super) fn next_version(ctx: &RequestContext, who: &SignedIn) -> SavedPolicy {
    let version = who.policy.version + 1;
    SavedPolicy {
        version,
        saved_at: Some(ctx.now),
        saved_by: Some(who.account.uid.clone()),
        ..who.policy.clone()
    }
}

/// Saves a version over the previous one, together with other changes.
///
/// # Errors
/// `preconditionFailed` if another version was saved meanwhile.
pub(super) async fn commit_policy(
    store: &impl Store,
    ctx: &RequestContext,
    saved: &SavedPolicy,
    mut changes: Vec<Change>,
) -> Result<(), Problem> {
    changes.push(Change::SavePolicy { seen: saved.version - 1, saved: Box::new(saved.clone()) });
    changes.push(Change::KeepPolicy(Box::new(saved.clone())));
    store.commit(ctx, "save", changes).await.map_err(|error| match error {
        error if error.by(Guard::Actor) => ProblemCode::SignInRequired.into(),
        error if error.by(Guard::Policy) => ProblemCode::PreconditionFailed.into(),
        error => Problem::from(error),
    })
}
