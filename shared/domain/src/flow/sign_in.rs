//! Sign-in and sign-out.

use super::{ATTEMPTS, Told, save_account};
use crate::account::{Account, TypedUserId};
use crate::audit::{Event, Reason};
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::signed_in;
use crate::lockout::Lock;
use crate::password::Password;
use crate::port::{Call, Change, Checked, CommitError, Entropy, Guard, HashTarget, KeyRing, PasswordHasher, Store, Want, random};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session, next_step};
use crate::time::Time;

/// A session that was just made. The bearer is handed out once.
pub struct SignedInAnswer {
    pub bearer: Bearer,
    pub next: Option<Next>,
    pub session: Session,
    pub account: Account,
}

/// Checks user ID and password. Unknown, disabled and wrong look alike: one
/// read, one hash, one write. Nothing is told before its write stands.
pub async fn sign_in(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    user_id: &TypedUserId,
    password: &Password,
) -> Result<SignedInAnswer, Problem> {
    let keys = ring.keys().await?;
    let handle = keys.handle(user_id);
    let wants = [Want::Account(&handle), Want::Lock(&handle), Want::Policy];
    let mut judged: Option<(Option<String>, Checked)> = None;

    for attempt in 0..ATTEMPTS {
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let lock = read.lock.clone().unwrap_or_default();
        if let Some(until) = lock.locked_until(call.now) {
            return Err(Problem::retry_at(ProblemCode::SignInLocked, until, call.now));
        }
        let account = read.account(&handle);
        let stored = account.map(|a| a.hash.as_stored().to_owned());
        if judged.as_ref().is_none_or(|(of, _)| *of != stored) {
            let target = match account {
                Some(account) => HashTarget::Stored(&account.hash),
                None => HashTarget::Decoy(keys.decoy_salt(&handle)),
            };
            judged = Some((stored, hasher.check(target, password).await?));
        }
        let checked = &judged.as_ref().expect("judged above").1;

        let refusal = refusal(account, checked.right, call.now);
        let save_lock =
            |lock| Change::SaveLock { handle: handle.clone(), seen: read.lock.as_ref().map(|l| l.revision.clone()), lock, now: call.now };
        let uid = account.map_or_else(|| keys.decoy_uid(&handle), |a| a.uid.clone());
        let told = Told { uid: Some(&uid), reason: refusal, ..Told::new(call, &handle, Event::SignInFailed) };
        let (changes, answer) = match account {
            Some(account) if refusal == Reason::None => {
                let account = account.clone();
                let next = next_step(&account, &policy, call.now);
                let bearer = Bearer::new(BearerKind::Session, handle.clone(), random(entropy));
                let session = Session::begin(&account, &bearer, next, call.now, call.now);
                let told = Told { event: Event::SignedIn, ..told };
                let mut changes = vec![
                    save_lock(Lock::after_right(&call.id)),
                    Change::CreateSession(Box::new(session.clone())),
                    told.record(call, &policy, entropy),
                ];
                let mut after = account.clone();
                if next == Some(Next::Register) && after.asked_at.is_none() {
                    after.asked_at = Some(call.now);
                }
                if checked.stale {
                    after.hash = hasher.hash(password, random(entropy)).await?;
                }
                if after.asked_at != account.asked_at || checked.stale {
                    changes.push(save_account(&handle, &account, after.revised()));
                }
                (changes, Ok(SignedInAnswer { bearer, next, session, account }))
            }
            _ => {
                let wrong = lock.after_wrong(checked.fingerprint, policy.limits.wrong_passwords, call.now, &call.id);
                (vec![save_lock(wrong), told.record(call, &policy, entropy)], Err(ProblemCode::SignInFailed.into()))
            }
        };
        match store.commit(call, &format!("sign-in-{attempt}"), changes).await {
            Ok(()) => return answer,
            Err(error) if error.by(Guard::Lock) || error.by(Guard::Account) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}

/// Why this sign-in is refused; [`Reason::None`] where it is not.
fn refusal(account: Option<&Account>, right: bool, now: Time) -> Reason {
    match account {
        None => Reason::UnknownUser,
        Some(_) if !right => Reason::WrongPassword,
        Some(account) if !account.enabled => Reason::Disabled,
        Some(account) if account.temporary_until.is_some_and(|until| until <= now) => Reason::TemporaryPasswordExpired,
        Some(_) => Reason::None,
    }
}

/// Ends the session. One that is over already is over.
pub async fn sign_out(store: &impl Store, entropy: &impl Entropy, call: &Call, bearer: &Bearer) -> Result<(), Problem> {
    let who = signed_in(store, call, bearer, &[]).await?;
    let told = Told { uid: Some(&who.account.uid), ..Told::new(call, who.handle(), Event::SignedOut) };
    let changes = vec![
        Change::DeleteSession { handle: who.handle().clone(), digest: who.session.digest.clone() },
        told.record(call, &who.policy.policy, entropy),
    ];
    match store.commit(call, "sign-out", changes).await {
        Ok(()) | Err(CommitError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
