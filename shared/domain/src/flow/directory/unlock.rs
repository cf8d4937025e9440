//! Unlocking an account.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::directory::target::{still_acting, target};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::unlock::{unlock_changes, wanted_devices};
use crate::flow::steps::write::check_account;
use crate::idempotency::Outcome;
use crate::identity::TypedUserId;
use crate::port::{Guard, KeyRing, Store, Want};
use crate::secret::Bearer;

/// Unlocks sign-in, and clears the failed guesses of reset and of registration. Codes that were
/// sent stay valid, with their remaining guesses.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not change.
pub async fn unlock(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<(), Problem> {
    let keys = ring.keys().await?;
    let handle = keys.handle(user_id);
    let wants: Vec<Want<'_>> = wanted_devices(&handle).chain([Want::Account(&handle)]).collect();
    let mut attempts = Attempts::of("unlock");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &wants).await?;
        let before = target(&who, &handle)?;
        let entry = AuditEntry {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..AuditEntry::new(ctx, &handle, Event::UserUnlocked)
        };
        let mut changes =
            vec![entry.record(ctx, &who.policy.policy), check_account(&handle, before)];
        changes.extend(still_acting(&who, &handle));
        changes.extend(unlock_changes(ctx, &keys, &handle, before, &who.read));
        changes.extend(record_outcome(ctx, who.handle(), Outcome::Done));
        // If an account or a device changed, read and decide again. The next read refuses a caller
        // who lost the right to act.
        if attempts.commit(store, ctx, changes, &[Guard::Actor, Guard::Device]).await? {
            return Ok(());
        }
    }
}
