//! Changing one's own password: the forced change of a temporary one too.

use super::typed_password::{TypedPassword, count_wrong, save_lock};
use super::{ATTEMPTS, Told, fence, notices, refusals, replace_session, save_account};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::sign_in::SignedInAnswer;
use crate::flow::signed_in::signed_in;
use crate::notice::Notice;
use crate::password::Password;
use crate::port::{Call, Entropy, Guard, HashTarget, PasswordHasher, Store, Want, random};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Reach, Session, next_step, note_asked};

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
    let mut typed = TypedPassword::new(current);
    for attempt in 0..ATTEMPTS {
        let who = signed_in(store, call, bearer, &[Want::Lock(&bearer.handle)])
            .await?
            .reaching(&[Reach::Full, Reach::ChangePassword])?;
        let (handle, policy) = (who.handle().clone(), who.policy.policy.clone());
        let lock = typed.lock(&who.read, call)?;
        let mut violations = refusals(store, &who.policy, &who.account, new).await?;
        if violations.is_empty() && new.is(current) {
            violations.push(Violation::new("/newPassword", ViolationCode::PasswordUnchanged));
        }
        if !violations.is_empty() {
            return Err(Problem { violations, ..ProblemCode::PasswordRefused.into() });
        }
        let checked = typed.check(hasher, HashTarget::Stored(&who.account.hash)).await?;
        let (changes, answer) = if checked.right {
            let mut account = who.account.clone();
            account.hash = hasher.hash(new, random(entropy)).await?;
            account.temporary_until = None;
            let next = next_step(&account, &policy, call.now);
            note_asked(&mut account, next, call.now);
            let account = account.fenced();
            let told = Told {
                uid: Some(&account.uid),
                ..Told::new(call, &handle, Event::PasswordChanged)
            };
            let bearer = Bearer::new(BearerKind::Session, handle.clone(), random(entropy));
            let session = Session::begin(&account, &bearer, next, call.now, call.now);
            let mut changes = vec![
                save_account(&handle, &who.account, account.clone()),
                save_lock(call, &handle, &who.read, lock.after_right(&call.id)),
                told.record(call, &policy, entropy),
            ];
            changes.extend(replace_session(&who.session, &session));
            changes.extend(fence(call, &handle));
            changes.extend(notices(
                call,
                &handle,
                &who.account,
                Notice::PasswordChanged,
                &policy,
                entropy,
            ));
            (changes, Ok(SignedInAnswer::of(bearer, session, account, &policy, call.now)))
        } else {
            let (changes, problem) = count_wrong(call, &who, &lock, checked, entropy);
            (changes, Err(problem))
        };
        match store.commit(call, &format!("change-password-{attempt}"), changes).await {
            Ok(()) => return answer,
            // Somebody else was first: judge anew. A session that ended ends it.
            Err(error)
                if error.by(Guard::Lock)
                    || error.by(Guard::Account)
                    || error.by(Guard::Session) =>
            {
                continue;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
