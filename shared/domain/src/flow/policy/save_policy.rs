//! Saving the policy, or judging it in a dry run.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::directory::Filter;
use crate::error::{Problem, ProblemCode};
use crate::flow::policy::commit::{commit_policy, next_version};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::signed_in;
use crate::policy::Policy;
use crate::policy::saved::SavedPolicy;
use crate::port::Store;
use crate::preview::{CutOff, PREVIEWED, Warning, warnings};
use crate::secret::Bearer;

/// A policy that was saved or, in a dry run, would be.
pub struct PolicySaveOutcome {
    /// In a dry run with the version that holds, unmoved.
    pub policy: SavedPolicy,
    pub saved: bool,
    pub warnings: Vec<Warning>,
    pub cut_off: CutOff,
}

/// Saves a policy over the version the administrator has seen, and says whom
/// it cuts off. A dry run does the same without saving.
pub async fn save_policy(
    store: &impl Store,
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
    // The API does not show kinds that this version does not know; they stay.
    let unknown_kinds = who.policy.policy.unknown_kinds.clone();
    let policy = Policy { unknown_kinds, ..policy };
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

/// Whom the change cuts off, of the first [`PREVIEWED`] accounts.
async fn preview(store: &impl Store, before: &Policy, after: &Policy) -> Result<CutOff, Problem> {
    let mut cut_off = CutOff::default();
    let (mut left, mut from) = (PREVIEWED, None);
    while left > 0 {
        let page = store.list_accounts(&Filter::default(), left.min(PAGE), from.take()).await?;
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

/// Accounts of one page of a preview.
const PAGE: u32 = 200;
