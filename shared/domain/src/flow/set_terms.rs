//! Reading and saving the organisation's own terms. They belong to the policy
//! and share its version, so that whoever saves either has seen both.

use super::set_policy::{commit_policy, next_version};
use super::{Told, terms};
use crate::account::Role;
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::signed_in;
use crate::password::terms::Terms;
use crate::port::{Call, Change, Entropy, Store};
use crate::secret::Bearer;
use std::sync::Arc;

/// The terms, and the version of the policy they belong to.
pub struct SavedTerms {
    pub version: u64,
    pub terms: Arc<Terms>,
}

/// The terms, to an administrator.
pub async fn view_terms(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
) -> Result<SavedTerms, Problem> {
    let who = signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?;
    Ok(SavedTerms { version: who.policy.version, terms: terms(store, &who.policy).await? })
}

/// Saves terms over the version of the policy that the administrator has
/// seen; the rest of it stays. They hold for the next password that is set, in
/// a reset that is under way too.
pub async fn save_terms(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    seen: u64,
    list: Vec<String>,
) -> Result<SavedTerms, Problem> {
    let who = signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?;
    if who.policy.version != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let terms = Terms::parse(list).map_err(Problem::invalid)?;
    let mut saved = next_version(call, &who);
    let told = Told {
        uid: Some(&who.account.uid),
        version: Some(saved.version),
        changed: vec!["terms".to_owned()],
        ..Told::new(call, who.handle(), Event::PolicySaved)
    };
    let mut changes = vec![who.still_acting(), told.record(call, &saved.policy, entropy)];
    saved.terms = 0;
    if !terms.is_empty() {
        saved.terms = saved.version;
        changes.push(Change::KeepTerms(saved.version, terms.clone()));
    }
    commit_policy(store, call, &saved, changes).await?;
    Ok(SavedTerms { version: saved.version, terms: Arc::new(terms) })
}
