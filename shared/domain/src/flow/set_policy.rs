//! Reading and saving the policy.

use super::Told;
use crate::account::Role;
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::signed_in;
use crate::policy::{Policy, SavedPolicy};
use crate::port::{Call, Change, Entropy, Guard, Page, Store, Want};
use crate::secret::Bearer;

/// The policy that holds: what `GET /v1/limits` tells its public part of.
pub async fn current_policy(store: &impl Store) -> Result<SavedPolicy, Problem> {
    Ok(store.read(&[Want::Policy]).await?.policy())
}

/// The policy, to an administrator.
pub async fn view_policy(store: &impl Store, call: &Call, bearer: &Bearer) -> Result<SavedPolicy, Problem> {
    Ok(signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?.policy)
}

/// Saves a policy over the version the administrator has seen.
pub async fn save_policy(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    seen: u64,
    policy: Policy,
) -> Result<SavedPolicy, Problem> {
    let who = signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?;
    if who.policy.version != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let violations = policy.violations();
    if !violations.is_empty() {
        return Err(Problem::invalid(violations));
    }
    let saved = SavedPolicy { version: seen + 1, saved_at: Some(call.now), saved_by: Some(who.account.uid.clone()), policy };
    let told = Told { uid: Some(&who.account.uid), version: Some(saved.version), ..Told::new(call, who.handle(), Event::PolicySaved) };
    let changes = vec![
        who.still_acting(),
        told.record(call, &saved.policy, entropy),
        Change::SavePolicy { seen, saved: Box::new(saved.clone()) },
        Change::KeepPolicy(Box::new(saved.clone())),
    ];
    store.commit(call, "save", changes).await.map_err(|error| match error {
        error if error.by(Guard::Actor) => ProblemCode::SignInRequired.into(),
        error if error.by(Guard::Policy) => ProblemCode::PreconditionFailed.into(),
        error => Problem::from(error),
    })?;
    Ok(saved)
}

/// Saved policies, newest first.
pub async fn policy_history(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
    limit: u32,
    from: Option<String>,
) -> Result<Page<SavedPolicy>, Problem> {
    signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?;
    store.list_policies(limit, from).await
}
