//! Reading the policy and its history.

use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::steps::signed_in::signed_in;
use crate::policy::saved::SavedPolicy;
use crate::port::{Lists, Page, Store, Want};
use crate::secret::Bearer;

/// Returns the current policy. `GET /v1/limits` shows its public part to every caller.
pub async fn current_policy(store: &impl Store) -> Result<SavedPolicy, Problem> {
    Ok(store.read(&[Want::Policy]).await?.policy())
}

/// Returns the current policy, for an administrator.
pub async fn view_policy(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<SavedPolicy, Problem> {
    Ok(signed_in(store, ctx, bearer, &[]).await?.policy)
}

/// Returns the saved policies, newest first, for an administrator.
pub async fn policy_history(
    store: &(impl Store + Lists),
    ctx: &RequestContext,
    bearer: &Bearer,
    limit: u32,
    from: Option<String>,
) -> Result<Page<SavedPolicy>, Problem> {
    signed_in(store, ctx, bearer, &[]).await?;
    store.list_policies(limit, from).await
}
