//! A new proof of the password, for what asks for a young one.

use super::sign_in::{SESSION, SignedInAnswer};
use super::signed_in::signed_in;
use super::typed_password::{TypedPassword, count_wrong, save_lock};
use super::{ATTEMPTS, Told, replace_session};
use crate::audit::Event;
use crate::error::{Problem, ProblemCode};
use crate::password::Password;
use crate::port::{Call, Entropy, Guard, HashTarget, PasswordHasher, Store, Want};
use crate::repeat::Outcome;
use crate::secret::{Bearer, BearerKind};
use crate::session::Reach;

/// Takes the password once more (NIST 800-63B-4 4.1.2.1). The session goes on
/// with the same reach, as if it began now, under a new bearer. A temporary
/// password proves nothing but that it must be changed.
pub async fn confirm_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    entropy: &impl Entropy,
    call: &Call,
    bearer: &Bearer,
    password: &Password,
) -> Result<SignedInAnswer, Problem> {
    let mut typed = TypedPassword::new(password);
    for attempt in 0..ATTEMPTS {
        let who = signed_in(store, call, bearer, &[Want::Lock(&bearer.handle)])
            .await?
            .reaching(&[Reach::Full, Reach::Register])?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let lock = typed.lock(&who.read, call)?;
        let checked = typed.check(hasher, HashTarget::Stored(&who.account.hash)).await?;
        let (changes, answer) = if checked.right {
            let bearer =
                Bearer::new(BearerKind::Session, handle.clone(), call.secret(entropy, SESSION));
            let session = who.session.proved(&bearer, call.now);
            let told = Told {
                uid: Some(&who.account.uid),
                ..Told::new(call, handle, Event::PasswordConfirmed)
            };
            let mut changes = vec![
                save_lock(call, handle, &who.read, lock.after_right(&call.id)),
                told.record(call, policy, entropy),
            ];
            changes.extend(replace_session(&who.session, &session));
            changes.extend(call.remember(handle, Outcome::Done));
            (
                changes,
                Ok(SignedInAnswer::of(bearer, session, who.account.clone(), policy, call.now)),
            )
        } else {
            let (mut changes, problem) = count_wrong(call, &who, &lock, checked, entropy);
            changes
                .extend(call.remember(handle, Outcome::Refused(ProblemCode::CurrentPasswordWrong)));
            (changes, Err(problem))
        };
        match store.commit(call, &format!("confirm-{attempt}"), changes).await {
            Ok(()) => return answer,
            // Somebody else was first: judge anew. A session that ended ends it.
            Err(error) if error.by(Guard::Lock) || error.by(Guard::Session) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::unavailable())
}
