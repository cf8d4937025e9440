//! Deleting an account and all its personal data.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::directory::target::{is_administrator, still_acting, target, write_refused};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::index_changes;
use crate::identity::{Handle, TypedUserId};
use crate::outbox::OutboxId;
use crate::port::{Change, KeyRing, Lists, Store, Want};
use crate::secret::Bearer;

/// The most items in one DynamoDB transaction.
const MEMBERS: usize = 100;

/// Deletes an account whose revision is still `seen`: the account, its sign-in lock, its index
/// rows, and its unsent messages. The audit trail keeps the internal ID.
///
/// # Errors
/// `preconditionFailed` if the account has another revision; `lastAdministrator` if no
/// enabled administrator would remain; `notFound` or `forbidden` for an account that the
/// caller may not delete.
pub async fn delete_user(
    store: &(impl Store + Lists),
    ring: &impl KeyRing,
    ctx: &RequestContext,
    bearer: &Bearer,
    user_id: &TypedUserId,
    seen: u64,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(user_id);
    let who = signed_in(store, ctx, bearer, &[Want::Account(&handle)]).await?;
    if who.read.account(&handle).is_none() {
        // An earlier request may have deleted the account and then failed before it
        // erased all messages.
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
    changes.extend(index_changes(&handle, Some(before), None));
    if is_administrator(before) {
        changes.push(Change::RemoveAdministrator { handle: handle.clone() });
    }
    let room = MEMBERS - changes.len();
    changes.extend(unsent.iter().take(room).map(|id| erase(&handle, id)));
    store.commit(ctx, "delete", changes).await.map_err(write_refused)?;
    erase_messages(store, ctx, &handle).await
}

/// Erases the messages that did not fit into the transaction, and those that the list did not
/// show yet. No messages are added, because the account is deleted.
async fn erase_messages(
    store: &(impl Store + Lists),
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
