//! Requiring the owner of an account to register methods again.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::Problem;
use crate::flow::directory::target::{still_acting, target, write_refused};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::save_account;
use crate::idempotency::Outcome;
use crate::identity::TypedUserId;
use crate::port::{Guard, KeyRing, Store, Want};
use crate::secret::Bearer;

/// Requires the account to register again. The methods stay and can still reset the password. To
/// count as registered, each must be verified again.
///
/// # Errors
/// `notFound` or `forbidden` for an account that the caller may not change.
pub async fn require_registration(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let mut attempts = Attempts::of("require");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
        let before = target(&who, &handle)?;
        let mut account = before.clone();
        account.registration_required_at = Some(ctx.now);
        (account.registered_at, account.confirmed_at, account.asked_at) = (None, None, None);
        let entry = AuditEntry {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..AuditEntry::new(ctx, &handle, Event::RegistrationRequired)
        };
        let mut changes = vec![
            entry.record(ctx, &who.policy.policy),
            save_account(&handle, before, account.revised()),
        ];
        changes.extend(still_acting(&who, &handle));
        changes.extend(record_outcome(ctx, who.handle(), Outcome::Done));
        if attempts.commit(store, ctx, changes, &[Guard::Account]).await.map_err(write_refused)? {
            return Ok(());
        }
    }
}
