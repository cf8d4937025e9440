//! Saving the policy, or checking it in a dry run.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::directory::Filter;
use crate::error::{Problem, ProblemCode};
use crate::flow::policy::commit::{commit_policy, next_version};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::signed_in;
use crate::policy::Policy;
use crate::policy::saved::SavedPolicy;
use crate::port::{Lists, Store};
use crate::preview::{CutOff, PREVIEWED, Warning, warnings};
use crate::secret::Bearer;

/// A policy that was saved or, in a dry run, would be saved.
pub struct PolicySaveOutcome {
    /// The policy. In a dry run it has the current version.
    pub policy: SavedPolicy,
    /// Whether the policy was saved.
    pub saved: bool,
    /// The warnings for the administrator about this policy.
    pub warnings: Vec<Warning>,
    /// How many users can reset their password now and could not under this policy.
    pub cut_off: CutOff,
}

/// Saves a policy over the version `seen`, and counts the users who could no longer reset their
/// password. A dry run does the same without saving.
///
/// # Errors
/// `preconditionFailed` if the policy has another version; `invalidRequest` if a value breaks
/// a rule.
pub async fn save_policy(
    store: &(impl Store + Lists),
    ctx: &RequestContext,
    bearer: &Bearer,
    seen: u64,
    policy: Policy,
    dry_run: bool,
) -> Result<PolicySaveOutcome, Problem> {
    let who = signed_in(store, ctx, bearer, &[]).await?;
    if who.policy.version != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    // The API does not show kinds of method that this version does not know. They are kept.
    let unknown_kinds = who.policy.policy.unknown_kinds.clone();
    let policy = Policy { unknown_kinds, ..policy.cleaned() };
    let violations = policy.violations();
    if !violations.is_empty() {
        return Err(Problem::invalid(violations));
    }
    let cut_off = preview(store, &who.policy.policy, &policy).await?;
    let warnings = warnings(&policy, &cut_off);
    if dry_run {
        return Ok(PolicySaveOutcome {
            policy: SavedPolicy { policy, ..who.policy },
            saved: false,
            warnings,
            cut_off,
        });
    }
    let saved = SavedPolicy { policy, ..next_version(ctx, &who) };
    let entry = AuditEntry {
        uid: Some(&who.account.uid),
        version: Some(saved.version),
        ..AuditEntry::new(ctx, who.handle(), Event::PolicySaved)
    };
    let acts = who.still_acting();
    commit_policy(store, ctx, &saved, vec![acts, entry.record(ctx, &saved.policy)]).await?;
    Ok(PolicySaveOutcome { policy: saved, saved: true, warnings, cut_off })
}

/// Counts the users among the first [`PREVIEWED`] accounts who could no longer reset their
/// password.
async fn preview(lists: &impl Lists, before: &Policy, after: &Policy) -> Result<CutOff, Problem> {
    let mut cut_off = CutOff::default();
    let (mut left, mut from) = (PREVIEWED, None);
    while left > 0 {
        let page = lists.list_accounts(&Filter::default(), left.min(PAGE), from.take()).await?;
        page.items.iter().for_each(|account| cut_off.count(account, before, after));
        left = left.saturating_sub(page.items.len().max(1) as u32);
        from = page.next;
        if from.is_none() {
            cut_off.complete = true;
            break;
        }
    }
    Ok(cut_off)
}

/// The number of accounts that a preview reads at once.
const PAGE: u32 = 200;
