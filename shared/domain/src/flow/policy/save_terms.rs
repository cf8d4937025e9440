//! Reading and saving the organisation's own terms. They belong to the policy
//! and share its version, so that whoever saves either has seen both.

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
    pub version: u64,
    pub terms: Arc<Terms>,
}

/// The terms, to an administrator.
pub async fn view_terms(
    store: &impl Store,
    ctx: &RequestContext,
    bearer: &Bearer,
) -> Result<SavedTerms, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    Ok(SavedTerms { version: who.policy.version, terms: terms(store, &who.policy).await? })
}

/// Saves terms over the version of the policy that the administrator has
/// seen; the rest of it stays. They hold for the next password that is set, in
/// a reset that is under way too.
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
