//! The end of an account: everything personal goes at once.

use super::{administrator, is_administrator, listing, refused, still_acting, target};
use crate::account::{Handle, TypedUserId};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::{Told, fence};
use crate::outbox::OutboxId;
use crate::port::{Call, Change, Entropy, KeyRing, Store, Want};
use crate::secret::Bearer;

/// The most members of one transaction.
const MEMBERS: usize = 100;

/// Deletes an account over the revision the administrator has seen: the
/// account, its lock, what it was found by, and messages to it that were not
/// sent. The audit trail keeps the internal id.
pub async fn delete_user(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
    seen: u64,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
    if who.read.account(&handle).is_none() {
        // An earlier answer may have been lost before all was erased.
        erase_messages(store, call, &handle).await?;
    }
    let before = target(&who, &handle)?;
    if before.revision != seen {
        return Err(ProblemCode::PreconditionFailed.into());
    }
    let unsent = store.unsent_messages(&handle).await?;
    let told = Told {
        uid: Some(&before.uid),
        actor: Some(&who.account.uid),
        ..Told::new(call, &handle, Event::UserDeleted)
    };
    let mut changes = vec![
        told.record(call, &who.policy.policy, entropy),
        Change::DeleteAccount {
            handle: handle.clone(),
            uid: before.uid.clone(),
            revision: before.revision,
        },
        Change::ClearLock { handle: handle.clone() },
    ];
    changes.extend(still_acting(&who, &handle));
    changes.extend(fence(call, &handle));
    changes.extend(listing(&handle, Some(before), None));
    if is_administrator(before) {
        changes.push(Change::RemoveAdministrator { handle: handle.clone() });
    }
    let room = MEMBERS - changes.len();
    changes.extend(unsent.iter().take(room).map(|id| erase(&handle, id)));
    store.commit(call, "delete", changes).await.map_err(refused)?;
    erase_messages(store, call, &handle).await
}

/// Erases what did not fit, and what the read before did not show yet. The
/// account is gone: no other comes after.
async fn erase_messages(store: &impl Store, call: &Call, handle: &Handle) -> Result<(), Problem> {
    for (part, left) in store.unsent_messages(handle).await?.chunks(MEMBERS).enumerate() {
        store
            .commit(
                call,
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
