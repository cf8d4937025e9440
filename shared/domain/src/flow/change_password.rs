//! Changing one's own password: the forced change of a temporary one too.

use super::{Told, fence, notices, save_account};
use crate::audit::{Event, Reason};
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::sign_in::SignedInAnswer;
use crate::flow::signed_in::signed_in;
use crate::notice::Notice;
use crate::password::Password;
use crate::port::{Call, Change, Entropy, Guard, HashTarget, PasswordHasher, Store, Want, random};
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
    let who = signed_in(store, call, bearer, &[Want::Lock(&bearer.handle)]).await?.reaching(&[Reach::Full, Reach::ChangePassword])?;
    let (handle, policy) = (who.handle().clone(), who.policy.policy.clone());
    let lock = who.read.lock.clone().unwrap_or_default();
    if let Some(until) = lock.locked_until(call.now) {
        return Err(Problem::retry_at(ProblemCode::SignInLocked, until, call.now));
    }
    let mut violations = new.violations(&policy, "/newPassword");
    if violations.is_empty() && new.expose() == current.expose() {
        violations.push(Violation::new("/newPassword", ViolationCode::PasswordUnchanged));
    }
    if !violations.is_empty() {
        return Err(Problem { violations, ..ProblemCode::PasswordRefused.into() });
    }
    let checked = hasher.check(HashTarget::Stored(&who.account.hash), current).await?;
    if !checked.right {
        // A wrong current password counts as a wrong sign-in.
        let told = Told { uid: Some(&who.account.uid), reason: Reason::WrongPassword, ..Told::new(call, &handle, Event::SignInFailed) };
        let changes = vec![
            Change::SaveLock {
                handle: handle.clone(),
                seen: who.read.lock.as_ref().map(|l| l.revision.clone()),
                lock: lock.after_wrong(checked.fingerprint, policy.limits.wrong_passwords, call.now, &call.id),
                now: call.now,
            },
            told.record(call, &policy, entropy),
        ];
        store.commit(call, "wrong-password", changes).await?;
        return Err(ProblemCode::CurrentPasswordWrong.into());
    }

    let mut account = who.account.clone();
    account.hash = hasher.hash(new, random(entropy)).await?;
    account.temporary_until = None;
    let account = account.fenced();
    let next = next_step(&account, &policy, call.now);
    let bearer = Bearer::new(BearerKind::Session, handle.clone(), random(entropy));
    let session = Session::begin(&account, &bearer, next, call.now, call.now);

    let told = Told { uid: Some(&account.uid), ..Told::new(call, &handle, Event::PasswordChanged) };
    let mut changes = vec![
        save_account(&handle, &who.account, account.clone()),
        Change::DeleteSession { handle: handle.clone(), digest: who.session.digest.clone() },
        Change::CreateSession(Box::new(session.clone())),
        told.record(call, &policy, entropy),
    ];
    changes.extend(fence(call, &handle));
    changes.extend(notices(call, &handle, &who.account, Notice::PasswordChanged, &policy, entropy));
    store.commit(call, "change-password", changes).await.map_err(|error| {
        match error.by(Guard::Account) || error.by(Guard::Session) {
            // Somebody else changed the account first: this session may be over.
            true => ProblemCode::SignInRequired.into(),
            false => Problem::from(error),
        }
    })?;
    Ok(SignedInAnswer { bearer, next, session, account })
}
