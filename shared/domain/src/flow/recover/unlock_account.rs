//! Unlocking an account when no administrator can sign in to do so.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::unlock::{unlock_changes, wanted_devices};
use crate::flow::steps::write::check_account;
use crate::identity::UserId;
use crate::port::{Guard, KeyRing, Store, Want};

/// Unlocks sign-in, and clears the failed guesses of reset and of registration.
///
/// # Errors
/// `notFound` if no account has the user ID.
pub async fn unlock_account(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    user_id: &UserId,
) -> Result<(), Problem> {
    let keys = ring.keys().await?;
    let handle = keys.handle_of(user_id);
    let wants = wanted_devices(&handle).chain([Want::Account(&handle), Want::Policy]);
    let wants: Vec<Want<'_>> = wants.collect();
    let mut attempts = Attempts::of("recover-unlock");
    loop {
        attempts.begin()?;
        let read = store.read(&wants).await?;
        let account = read.account(&handle).ok_or(ProblemCode::NotFound)?;
        let entry = AuditEntry {
            uid: Some(&account.uid),
            ..AuditEntry::new(ctx, &handle, Event::UserUnlocked)
        };
        let mut changes =
            vec![entry.record(ctx, &read.policy().policy), check_account(&handle, account)];
        changes.extend(unlock_changes(ctx, &keys, &handle, account, &read));
        if attempts.commit(store, ctx, changes, &[Guard::Actor, Guard::Device]).await? {
            return Ok(());
        }
    }
}
