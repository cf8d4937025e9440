//! Taking a method away from somebody.

use super::{administrator, refused, still_acting, target};
use crate::account::TypedUserId;
use crate::audit::Event;
use crate::challenge::Purpose;
use crate::error::{Problem, ProblemCode};
use crate::flow::{ATTEMPTS, Told, drop_challenges, fence, notices, save_account};
use crate::method::Kind;
use crate::notice::Notice;
use crate::port::{Call, Entropy, Guard, KeyRing, Store, Want};
use crate::secret::Bearer;

/// Removes the method of a kind, and the address of that kind that waits for
/// its code. What the method opened ends with it: codes, resets, sessions.
pub async fn remove_method(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
    kind: Kind,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    for attempt in 0..ATTEMPTS {
        let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
        let (before, policy) = (target(&who, &handle)?, &who.policy.policy);
        let mut account = before.clone();
        let (verified, pending) =
            (account.methods.remove(&kind).is_some(), account.pending.remove(&kind).is_some());
        if !verified && !pending {
            return Err(ProblemCode::NotFound.into());
        }
        let told = Told {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            kind: Some(kind),
            ..Told::new(call, &handle, Event::MethodRemoved)
        };
        let mut changes = vec![told.record(call, policy, entropy)];
        changes.extend(still_acting(&who, &handle));
        if verified {
            changes.push(save_account(&handle, before, account.fenced()));
            changes.extend(fence(call, &handle));
            changes.extend(notices(call, &handle, before, Notice::MethodRemoved, policy, entropy));
        } else {
            // It was used for nothing yet: only its own code dies.
            changes.push(save_account(&handle, before, account.revised()));
            changes.push(drop_challenges(call, &handle, Purpose::Registration, &[kind], false));
        }
        match store.commit(call, &format!("remove-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Actor) => return Err(refused(error)),
            Err(error) if error.by(Guard::Account) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
