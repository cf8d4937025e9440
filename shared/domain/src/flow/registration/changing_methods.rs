//! Reading a session that may change methods.

use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::signed_in::{SignedIn, signed_in};
use crate::port::{Store, Want};
use crate::secret::Bearer;
use crate::session::PROOF;

/// Reads the session together with `wants`, and checks that the user typed the password at most
/// [`PROOF`] ago.
///
/// # Errors
/// `passwordProofRequired` if the user must type the password again first.
pub(super) async fn changing_methods(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    wants: &[Want<'_>],
) -> Result<SignedIn, Problem> {
    let who = signed_in(store, ctx, bearer, wants).await?;
    if who.session.proved_at + PROOF <= ctx.now {
        return Err(ProblemCode::PasswordProofRequired.into());
    }
    Ok(who)
}
