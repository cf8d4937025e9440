//! Reading and saving the policy.

use super::Told;
use crate::account::Role;
use crate::audit::Event;
use crate::directory::Filter;
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::{SignedIn, signed_in};
use crate::policy::{Policy, SavedPolicy};
use crate::port::{Call, Change, Entropy, Guard, Page, Store, Want};
use crate::preview::{CutOff, PREVIEWED, Warning, warnings};
use crate::secret::Bearer;

/// The policy that holds: what `GET /v1/limits` tells its public part of.
pub async fn current_policy(store: &impl Store) -> Result<SavedPolicy, Problem> {
    Ok(store.read(&[Want::Policy]).await?.policy())
}

/// The policy, to an administrator.
pub async fn view_policy(
    store: &impl Store,
    call: &Call,
    bearer: &Bearer,
) -> Result<SavedPolicy, Problem> {
    Ok(signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?.policy)
}

/// A policy that was saved or, in a dry run, would be.
pub struct Judged {
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
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    seen: u64,
    policy: Policy,
    dry_run: bool,
) -> Result<Judged, Problem> {
    let who = signed_in(store, call, bearer, &[]).await?.acting_as(Role::Administrator)?;
    if who.policy.version != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let violations = policy.violations();
    if !violations.is_empty() {
        return Err(Problem::invalid(violations));
    }
    let cut_off = preview(store, &who.policy.policy, &policy).await?;
    let warnings = warnings(&policy, &cut_off);
    if dry_run {
        return Ok(Judged {
            policy: SavedPolicy { policy, ..who.policy },
            saved: false,
            warnings,
            cut_off,
        });
    }
    let saved = SavedPolicy { policy, ..next_version(call, &who) };
    let told = Told {
        uid: Some(&who.account.uid),
        version: Some(saved.version),
        ..Told::new(call, who.handle(), Event::PolicySaved)
    };
    let acts = who.still_acting();
    commit_policy(store, call, &saved, vec![acts, told.record(call, &saved.policy, entropy)])
        .await?;
    Ok(Judged { policy: saved, saved: true, warnings, cut_off })
}

/// The policy that was read, as the next version of it by this administrator.
pub(super) fn next_version(call: &Call, who: &SignedIn) -> SavedPolicy {
    let version = who.policy.version + 1;
    SavedPolicy {
        version,
        saved_at: Some(call.now),
        saved_by: Some(who.account.uid.clone()),
        ..who.policy.clone()
    }
}

/// Saves a version over the one before it, together with other changes.
pub(super) async fn commit_policy(
    store: &impl Store,
    call: &Call,
    saved: &SavedPolicy,
    mut changes: Vec<Change>,
) -> Result<(), Problem> {
    changes.push(Change::SavePolicy { seen: saved.version - 1, saved: Box::new(saved.clone()) });
    changes.push(Change::KeepPolicy(Box::new(saved.clone())));
    store.commit(call, "save", changes).await.map_err(|error| match error {
        error if error.by(Guard::Actor) => ProblemCode::SignInRequired.into(),
        error if error.by(Guard::Policy) => ProblemCode::PreconditionFailed.into(),
        error => Problem::from(error),
    })
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
