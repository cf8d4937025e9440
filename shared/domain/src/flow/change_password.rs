//! Changing one's own password: the forced change of a temporary one too.

use super::{ATTEMPTS, Told, fence, notices, refusals, save_account};
use crate::audit::{Event, Reason};
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::sign_in::SignedInAnswer;
use crate::flow::signed_in::signed_in;
use crate::lockout::Lock;
use crate::notice::Notice;
use crate::password::Password;
use crate::port::{Call, Change, Checked, Entropy, Guard, HashTarget, PasswordHasher, Store, Want, random};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Reach, Session, next_step};

/// Takes the current and the new password (ASVS 6.2.3). Every other session,
/// reset and challenge ends; this one goes on under a new bearer.
pub async fn change_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    current: &Password,
    new: &Password,
) -> Result<SignedInAnswer, Problem> {
    let mut checked: Option<(String, Checked)> = None;
    for attempt in 0..ATTEMPTS {
        let who = signed_in(store, call, bearer, &[Want::Lock(&bearer.handle)]).await?.reaching(&[Reach::Full, Reach::ChangePassword])?;
        let (handle, policy) = (who.handle().clone(), who.policy.policy.clone());
        let lock = who.read.lock.clone().unwrap_or_default();
        if let Some(until) = lock.locked_until(call.now) {
            return Err(Problem::retry_at(ProblemCode::SignInLocked, until, call.now));
        }
        let mut violations = refusals(store, &who.policy, &who.account, new).await?;
        if violations.is_empty() && new.expose() == current.expose() {
            violations.push(Violation::new("/newPassword", ViolationCode::PasswordUnchanged));
        }
        if !violations.is_empty() {
            return Err(Problem { violations, ..ProblemCode::PasswordRefused.into() });
        }
        let stored = who.account.hash.as_stored();
        if checked.as_ref().is_none_or(|(of, _)| of != stored) {
            let outcome = hasher.check(HashTarget::Stored(&who.account.hash), current).await?;
            checked = Some((stored.to_owned(), outcome));
        }
        let outcome = &checked.as_ref().expect("checked above").1;
        // Right or wrong, the lock must be as it was read: so no more guesses
        // are told than sign-in would tell.
        let save_lock = |lock| Change::SaveLock {
            handle: handle.clone(),
            seen: who.read.lock.as_ref().map(|l| l.revision.clone()),
            lock,
            now: call.now,
        };
        let told = Told { uid: Some(&who.account.uid), ..Told::new(call, &handle, Event::PasswordChanged) };
        let (changes, answer) = if outcome.right {
            let mut account = who.account.clone();
            account.hash = hasher.hash(new, random(entropy)).await?;
            account.temporary_until = None;
            let account = account.fenced();
            let next = next_step(&account, &policy, call.now);
            let bearer = Bearer::new(BearerKind::Session, handle.clone(), random(entropy));
            let session = Session::begin(&account, &bearer, next, call.now, call.now);
            let mut changes = vec![
                save_account(&handle, &who.account, account.clone()),
                save_lock(Lock::after_right(&call.id)),
                Change::DeleteSession { handle: handle.clone(), digest: who.session.digest.clone() },
                Change::CreateSession(Box::new(session.clone())),
                told.record(call, &policy, entropy),
            ];
            changes.extend(fence(call, &handle));
            changes.extend(notices(call, &handle, &who.account, Notice::PasswordChanged, &policy, entropy));
            (changes, Ok(SignedInAnswer { bearer, next, session, account }))
        } else {
            // A wrong current password counts as a wrong sign-in.
            let wrong = lock.after_wrong(outcome.fingerprint, policy.limits.wrong_passwords, call.now, &call.id);
            let told = Told { reason: Reason::WrongPassword, event: Event::SignInFailed, ..told };
            (vec![save_lock(wrong), told.record(call, &policy, entropy)], Err(ProblemCode::CurrentPasswordWrong.into()))
        };
        match store.commit(call, &format!("change-password-{attempt}"), changes).await {
            Ok(()) => return answer,
            // Somebody else was first: judge anew. A session that ended ends it.
            Err(error) if error.by(Guard::Lock) || error.by(Guard::Account) || error.by(Guard::Session) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
