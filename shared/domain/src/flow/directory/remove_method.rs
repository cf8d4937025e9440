//! Removing a method of another user's account.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{still_acting, target, write_refused};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::messages::notices;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::save_account;
use crate::identity::TypedUserId;
use crate::kind::MethodId;
use crate::notice::Notice;
use crate::port::{Guard, KeyRing, Store, Want};
use crate::secret::Bearer;

/// Removes a method. If the method was verified, the account's sessions and resets end; if it
/// was pending, only its code ends.
///
/// # Errors
/// `notFound` if the account or the method does not exist; `forbidden` for an account that the
/// caller may not change.
pub async fn remove_method(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
    id: MethodId,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let mut attempts = Attempts::of("remove");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
        let (before, policy) = (target(&who, &handle)?, &who.policy.policy);
        let mut account = before.clone();
        let (verified, pending) =
            (account.methods.remove(id).is_some(), account.pending.remove(id).is_some());
        if !verified && !pending {
            return Err(ProblemCode::NotFound.into());
        }
        let entry = AuditEntry {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            kind: Some(id.kind()),
            ..AuditEntry::new(ctx, &handle, Event::MethodRemoved)
        };
        let mut changes = vec![entry.record(ctx, policy)];
        changes.extend(still_acting(&who, &handle));
        if verified {
            changes.push(save_account(&handle, before, account.with_sessions_revoked()));
            changes.extend(notices(ctx, &handle, before, Notice::MethodRemoved, policy));
        } else {
            // The destination was used only for its first code.
            changes.push(save_account(&handle, before, account.revised()));
        }
        if attempts.commit(store, ctx, changes, &[Guard::Account]).await.map_err(write_refused)? {
            return Ok(());
        }
    }
}
