//! The end of an account: everything personal goes at once.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{is_administrator, still_acting, target, write_refused};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::revoke::revoke;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::index_changes;
use crate::identity::{Handle, TypedUserId};
use crate::outbox::OutboxId;
use crate::port::{Change, KeyRing, Store, Want};
use crate::secret::Bearer;

/// The most members of one transaction.
const MEMBERS: usize = 100;

/// Deletes an account over the revision the administrator has seen: the
/// account, its lock, what it was found by, and messages to it that were not
/// sent. The audit trail keeps the internal id.
pub async fn delete_user(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
    seen: u64,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    if who.read.account(&handle).is_none() {
        // An earlier answer may have been lost before all was erased.
        erase_messages(store, ctx, &handle).await?;
    }
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let unsent = store.unsent_messages(&handle).await?;
    let entry = AuditEntry {
        uid: Some(&before.uid),
        actor: Some(&who.account.uid),
        ..AuditEntry::new(ctx, &handle, Event::UserDeleted)
    };
    let mut changes = vec![
        entry.record(ctx, &who.policy.policy),
        Change::DeleteAccount {
            handle: handle.clone(),
            uid: before.uid.clone(),
            revision: before.revision,
        },
        Change::ClearLock { handle: handle.clone() },
    ];
    changes.extend(still_acting(&who, &handle));
    changes.extend(revoke(ctx, &handle));
    changes.extend(index_changes(&handle, Some(before), None));
    if is_administrator(before) {
        changes.push(Change::RemoveAdministrator { handle: handle.clone() });
    }
    let room = MEMBERS - changes.len();
    changes.extend(unsent.iter().take(room).map(|id| erase(&handle, id)));
    store.commit(ctx, "delete", changes).await.map_err(write_refused)?;
    erase_messages(store, ctx, &handle).await
}

/// Erases what did not fit, and what the read before did not show yet. The
/// account is gone: no other comes after.
async fn erase_messages(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
) -> Result<(), Problem> {
    for (part, left) in store.unsent_messages(handle).await?.chunks(MEMBERS).enumerate() {
        store
            .commit(
                ctx,
                &format!("erase-{part}"),
                left.iter().map(|id| erase(handle, id)).collect(),
            )
            .await?;
    }
    Ok(())
}

fn erase(handle: &Handle, id: &OutboxId) -> Change {
    Change::EraseMessage { handle: handle.clone(), id: id.clone() }
}
