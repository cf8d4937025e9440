//! What the help desk does for somebody who is stuck.

use super::{refused, staff, still_acting, target};
use crate::account::TypedUserId;
use crate::audit::Event;
use crate::challenge::Purpose;
use crate::error::Problem;
use crate::flow::{ATTEMPTS, Told, drop_challenges, save_account};
use crate::port::{Call, Change, Entropy, Guard, KeyRing, Store, Want};
use crate::repeat::Outcome;
use crate::secret::Bearer;

/// Ends the wait at sign-in, and forgets the failed guesses of reset and of
/// registration. Codes under way live on with the guesses they have left.
pub async fn unlock(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    for attempt in 0..ATTEMPTS {
        let who = staff(store, call, bearer, &[Want::Account(&handle)]).await?;
        let before = target(&who, &handle)?;
        let told = Told {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..Told::new(call, &handle, Event::UserUnlocked)
        };
        let mut changes = vec![
            told.record(call, &who.policy.policy, entropy),
            Change::ClearLock { handle: handle.clone() },
            Change::CheckAccount {
                handle: handle.clone(),
                uid: before.uid.clone(),
                generation: before.generation,
            },
        ];
        changes.extend(still_acting(&who, &handle));
        changes
            .extend(Purpose::ALL.map(|purpose| drop_challenges(call, &handle, purpose, &[], true)));
        changes.extend(call.remember(who.handle(), Outcome::Done));
        match store.commit(call, &format!("unlock-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            // One of the two moved: who may not any more is told so by the next read.
            Err(error) if error.by(Guard::Actor) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}

/// Requires registration anew. Methods stay and still reset; at the next
/// sign-in each must be verified again to count as registered.
pub async fn require_registration(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
) -> Result<(), Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    for attempt in 0..ATTEMPTS {
        let who = staff(store, call, bearer, &[Want::Account(&handle)]).await?;
        let before = target(&who, &handle)?;
        let mut account = before.clone();
        account.registration_required_at = Some(call.now);
        (account.registered_at, account.confirmed_at, account.asked_at) = (None, None, None);
        let told = Told {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..Told::new(call, &handle, Event::RegistrationRequired)
        };
        let mut changes = vec![
            told.record(call, &who.policy.policy, entropy),
            save_account(&handle, before, account.revised()),
        ];
        changes.extend(still_acting(&who, &handle));
        changes.extend(call.remember(who.handle(), Outcome::Done));
        match store.commit(call, &format!("require-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Actor) => return Err(refused(error)),
            Err(error) if error.by(Guard::Account) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
