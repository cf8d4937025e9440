//! A temporary password, issued anew: it ends the one before.

use super::{CreatedUser, administrator, refused, still_acting, target};
use crate::account::TypedUserId;
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::flow::{ATTEMPTS, Told, fence, notices, save_account};
use crate::notice::Notice;
use crate::password::{Password, StoredHash, TEMPORARY, temporary};
use crate::port::{Call, Change, Entropy, Guard, KeyRing, PasswordHasher, Store, Want, random};
use crate::repeat::{Outcome, Remembered};
use crate::secret::{Bearer, SecretString};
use crate::time::Time;

/// A new temporary password and its hash.
pub(super) struct Issued {
    pub temporary_password: SecretString,
    pub hash: StoredHash,
    pub expires: Time,
}

/// What the bytes of a temporary password are drawn for.
const TEMPORARY_PASSWORD: &str = "temporary password";

impl Issued {
    pub async fn new(
        hasher: &impl PasswordHasher,
        entropy: &impl Entropy,
        call: &Call,
    ) -> Result<Issued, Problem> {
        let temporary_password = temporary(call.secret(entropy, TEMPORARY_PASSWORD));
        let hash = hasher.hash(&Password::new(&temporary_password), random(entropy)).await?;
        Ok(Issued { temporary_password, hash, expires: call.now + TEMPORARY })
    }
}

/// Issues a temporary password. Whatever the older one opened ends; the lock
/// of wrong passwords goes with the password it was about.
pub async fn issue_password(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
) -> Result<CreatedUser, Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    let mut issued: Option<Issued> = None;
    for attempt in 0..ATTEMPTS {
        let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
        let (before, policy) = (target(&who, &handle)?, &who.policy.policy);
        // Hashed once, however often the account moves.
        let fresh = match issued.take() {
            Some(fresh) => fresh,
            None => Issued::new(hasher, entropy, call).await?,
        };
        let mut account = before.clone();
        account.hash = fresh.hash.clone();
        account.temporary_until = Some(fresh.expires);
        let account = account.fenced();
        let told = Told {
            uid: Some(&before.uid),
            actor: Some(&who.account.uid),
            ..Told::new(call, &handle, Event::TemporaryPasswordIssued)
        };
        let mut changes = vec![
            told.record(call, policy, entropy),
            save_account(&handle, before, account.clone()),
            Change::ClearLock { handle: handle.clone() },
        ];
        changes.extend(still_acting(&who, &handle));
        changes.extend(fence(call, &handle));
        changes.extend(notices(call, &handle, before, Notice::PasswordIssued, policy, entropy));
        changes.extend(call.remember(who.handle(), Outcome::Done));
        match store.commit(call, &format!("issue-{attempt}"), changes).await {
            Ok(()) => {
                return Ok(CreatedUser {
                    account,
                    temporary_password: fresh.temporary_password,
                    expires: fresh.expires,
                });
            }
            Err(error) if error.by(Guard::Actor) => return Err(refused(error)),
            Err(error) if error.by(Guard::Account) => issued = Some(fresh),
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}

/// The temporary password that a request handed out, again, to whoever may
/// still ask for one: with the account, or for it.
pub async fn issued_again(
    store: &impl Store,
    ring: &impl KeyRing,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    user_id: String,
    first: &Remembered,
) -> Result<CreatedUser, Problem> {
    let handle = ring.keys().await?.handle(&TypedUserId::new(user_id));
    let who = administrator(store, call, bearer, &[Want::Account(&handle)]).await?;
    // One made anew since is another account.
    let account = target(&who, &handle)
        .ok()
        .filter(|account| account.created_at <= first.at)
        .ok_or(ProblemCode::NotFound)?;
    let temporary_password = temporary(call.secret(entropy, TEMPORARY_PASSWORD));
    Ok(CreatedUser { account: account.clone(), temporary_password, expires: first.at + TEMPORARY })
}
