//! Reading and saving the organisation's banned password terms.
//!
//! The terms share the version of the policy, so that an administrator who saves either has
//! seen both.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::policy::commit::{commit_policy, next_version};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::new_password::terms;
use crate::flow::steps::signed_in::signed_in;
use crate::password::terms::Terms;
use crate::port::{Change, Store};
use crate::secret::Bearer;
use std::sync::Arc;

/// The terms, and the version of the policy they belong to.
pub struct SavedTerms {
    /// The version of the policy.
    pub version: u64,
    /// The terms.
    pub terms: Arc<Terms>,
}

/// Returns the terms, for an administrator.
pub async fn view_terms(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<SavedTerms, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    Ok(SavedTerms { version: who.policy.version, terms: terms(store, &who.policy).await? })
}

/// Saves terms over the version `seen` of the policy. The policy itself does not change. The
/// terms apply to the next password that is set, also in a reset that has begun.
///
/// # Errors
/// `preconditionFailed` if the policy has another version; `invalidRequest` for a list that
/// [`Terms::parse`] refuses.
pub async fn save_terms(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
    seen: u64,
    list: Vec<String>,
) -> Result<SavedTerms, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    if who.policy.version != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let terms = Terms::parse(list).map_err(Problem::invalid)?;
    let mut saved = next_version(ctx, &who);
    let entry = AuditEntry {
        uid: Some(&who.account.uid),
        version: Some(saved.version),
        changed: vec!["terms".to_owned()],
        ..AuditEntry::new(ctx, who.handle(), Event::PolicySaved)
    };
    let mut changes = vec![who.still_acting(), entry.record(ctx, &saved.policy)];
    saved.terms = 0;
    if !terms.is_empty() {
        saved.terms = saved.version;
        changes.push(Change::KeepTerms(saved.version, terms.clone()));
    }
    commit_policy(store, ctx, &saved, changes).await?;
    Ok(SavedTerms { version: saved.version, terms: Arc::new(terms) })
}
