//! Sign-in and sign-out, of one session or of all.

use super::typed_password::{TypedPassword, open, save_lock};
use super::{ATTEMPTS, Told, fence, save_account};
use crate::account::{Account, Handle, TypedUserId};
use crate::audit::{Event, Reason};
use crate::error::{Problem, ProblemCode};
use crate::flow::signed_in::signed_in;
use crate::password::Password;
use crate::policy::Policy;
use crate::port::{
    Call, Change, CommitError, Entropy, Guard, HashTarget, KeyRing, PasswordHasher, Store, Want,
    random,
};
use crate::repeat::Outcome;
use crate::secret::{Bearer, BearerKind};
use crate::session::{Next, Session, next_step, note_asked, postpone_until};
use crate::time::Time;

/// A session that was just made. The bearer is handed out once.
pub struct SignedInAnswer {
    pub bearer: Bearer,
    pub next: Option<Next>,
    /// Until when that may be put off.
    pub postpone_until: Option<Time>,
    pub session: Session,
    pub account: Account,
}

impl SignedInAnswer {
    pub(super) fn of(
        bearer: Bearer,
        session: Session,
        account: Account,
        policy: &Policy,
        now: Time,
    ) -> SignedInAnswer {
        let next = session.next(&account, policy, now);
        SignedInAnswer {
            bearer,
            next,
            postpone_until: postpone_until(&account, policy, next, now),
            session,
            account,
        }
    }
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
    let mut typed = TypedPassword::new(password);

    for attempt in 0..ATTEMPTS {
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let lock = typed.lock(&read, call)?;
        let account = read.account(&handle);
        let target = match account {
            Some(account) => HashTarget::Stored(&account.hash),
            None => HashTarget::Decoy(keys.decoy_salt(&handle)),
        };
        let checked = typed.check(hasher, target).await?;

        let refusal = refusal(account, checked.right, call.now);
        let uid = account.map_or_else(|| keys.decoy_uid(&handle), |a| a.uid.clone());
        let told = Told {
            uid: Some(&uid),
            reason: refusal,
            ..Told::new(call, &handle, Event::SignInFailed)
        };
        let (changes, answer) = match account {
            Some(account) if refusal == Reason::None => {
                let next = next_step(account, &policy, call.now);
                let bearer =
                    Bearer::new(BearerKind::Session, handle.clone(), call.secret(entropy, SESSION));
                let session = Session::begin(account, &bearer, next, call.now, call.now);
                let told = Told { event: Event::SignedIn, ..told };
                let mut changes = vec![
                    save_lock(call, &handle, &read, lock.after_right(&call.id)),
                    Change::CreateSession(Box::new(session.clone())),
                    told.record(call, &policy, entropy),
                ];
                changes.extend(call.remember(&handle, Outcome::Done));
                let mut after = account.clone();
                note_asked(&mut after, next, call.now);
                if checked.stale {
                    after.hash = hasher.hash(password, random(entropy)).await?;
                }
                if after.asked_at != account.asked_at || checked.stale {
                    changes.push(save_account(&handle, account, after.clone().revised()));
                }
                (changes, Ok(SignedInAnswer::of(bearer, session, after, &policy, call.now)))
            }
            _ => {
                let wrong = lock.after_wrong(
                    checked.fingerprint,
                    policy.limits.wrong_passwords,
                    call.now,
                    &call.id,
                );
                let lockout = wrong.locked_until(call.now).is_some();
                let mut changes = vec![
                    save_lock(call, &handle, &read, wrong),
                    told.record(call, &policy, entropy),
                ];
                changes.extend(call.remember(&handle, Outcome::Refused(ProblemCode::SignInFailed)));
                (changes, Err(Problem { lockout, ..ProblemCode::SignInFailed.into() }))
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

/// What the bearer of an answer's session is made for.
pub(super) const SESSION: &str = "session";

/// The session that a sign-in made, again, and not while sign-in waits: what is
/// repeated must not tell a right password that could not be tried.
pub async fn sign_in_again(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    handle: &Handle,
) -> Result<SignedInAnswer, Problem> {
    open(&store.read(&[Want::Lock(handle)]).await?, call)?;
    session_again(store, entropy, call, handle).await
}

/// The session that a request made, again, as long as it lives.
pub async fn session_again(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    handle: &Handle,
) -> Result<SignedInAnswer, Problem> {
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), call.secret(entropy, SESSION));
    let who = signed_in(store, call, &bearer, &[]).await?;
    Ok(SignedInAnswer::of(bearer, who.session, who.account, &who.policy.policy, call.now))
}

/// Why this sign-in is refused; [`Reason::None`] where it is not.
fn refusal(account: Option<&Account>, right: bool, now: Time) -> Reason {
    match account {
        None => Reason::UnknownUser,
        Some(_) if !right => Reason::WrongPassword,
        Some(account) if !account.enabled => Reason::Disabled,
        Some(account) if account.temporary_until.is_some_and(|until| until <= now) => {
            Reason::TemporaryPasswordExpired
        }
        Some(_) => Reason::None,
    }
}

/// Ends the session. One that is over already is over.
pub async fn sign_out(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
) -> Result<(), Problem> {
    let who = signed_in(store, call, bearer, &[]).await?;
    let told =
        Told { uid: Some(&who.account.uid), ..Told::new(call, who.handle(), Event::SignedOut) };
    let changes = vec![
        Change::DeleteSession { handle: who.handle().clone(), digest: who.session.digest.clone() },
        told.record(call, &who.policy.policy, entropy),
    ];
    match store.commit(call, "sign-out", changes).await {
        Ok(()) | Err(CommitError::Refused { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Ends every session of one's own, this one too, with the resets and codes
/// under way.
pub async fn sign_out_everywhere(
    store: &impl Store,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
) -> Result<(), Problem> {
    for attempt in 0..ATTEMPTS {
        let who = signed_in(store, call, bearer, &[]).await?;
        let told = Told {
            uid: Some(&who.account.uid),
            ..Told::new(call, who.handle(), Event::SignedOutEverywhere)
        };
        let mut changes = vec![
            told.record(call, &who.policy.policy, entropy),
            save_account(who.handle(), &who.account, who.account.clone().fenced()),
        ];
        changes.extend(fence(call, who.handle()));
        match store.commit(call, &format!("sign-out-{attempt}"), changes).await {
            Ok(()) => return Ok(()),
            Err(error) if error.by(Guard::Account) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
