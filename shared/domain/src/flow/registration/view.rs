//! Reading one's own methods.

use crate::account::Account;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::signed_in::signed_in;
use crate::policy::Policy;
use crate::port::Store;
use crate::secret::Bearer;

/// Returns the account of the session, and the policy, which decides which of its methods are
/// usable.
pub async fn view_methods(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<(Account, Policy), Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    Ok((who.account, who.policy.policy))
}
