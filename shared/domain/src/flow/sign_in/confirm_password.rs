//! Confirming the password, for requests that need it to have been typed recently.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::new_session::{NewSession, SESSION_BEARER};
use crate::flow::steps::password_proof::{
    PasswordLock, TypedPassword, count_wrong_current, wanted_locks,
};
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::replace_session;
use crate::idempotency::Outcome;
use crate::password::Password;
use crate::port::{Guard, HashTarget, PasswordHasher, Store, Want};
use crate::secret::{Bearer, BearerKind};

/// Checks the password of a signed-in user again (NIST 800-63B-4 4.1.2.1). The session
/// continues with the same reach under a new bearer token, and its lifetime starts again. So a
/// session that must change a temporary password must still do so.
///
/// # Errors
/// `currentPasswordWrong`; `signInLocked` while sign-in is locked.
pub async fn confirm_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    bearer: &Bearer,
    password: &Password,
) -> Result<NewSession, Problem> {
    let wants: Vec<Want<'_>> = wanted_locks(ctx, &bearer.handle).collect();
    let mut typed = TypedPassword::new(password);
    let mut attempts = Attempts::of("confirm");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &wants).await?;
        let (handle, policy) = (who.handle(), &who.policy.policy);
        let lock = PasswordLock::of(ctx, &who.read, Some(&who.account), handle);
        typed.check_lock(&lock, ctx)?;
        let checked = typed.check(hasher, HashTarget::of(&who.account)).await?;
        let (changes, answer) = if checked.right {
            let bearer =
                Bearer::new(BearerKind::Session, handle.clone(), ctx.secret(SESSION_BEARER));
            let session = who.session.proved(&bearer, ctx.now);
            let entry = AuditEntry {
                uid: Some(&who.account.uid),
                ..AuditEntry::new(ctx, handle, Event::PasswordConfirmed)
            };
            let mut changes = vec![lock.after_right(ctx), entry.record(ctx, policy)];
            changes.extend(replace_session(&who.session, &session));
            changes.extend(record_outcome(ctx, handle, Outcome::Done));
            let session = NewSession::of(bearer, session, who.account.clone(), policy, ctx.now);
            (changes, Ok(session.on(lock.renewed(ctx))))
        } else {
            let (mut changes, problem) =
                count_wrong_current(store, ctx, &who, &lock, checked).await?;
            changes.extend(record_outcome(
                ctx,
                handle,
                Outcome::Refused(ProblemCode::CurrentPasswordWrong),
            ));
            (changes, Err(problem))
        };
        // If another request wrote first, read and decide again. The next read fails if the
        // session has ended.
        let moved = [Guard::Lock, Guard::Device, Guard::Session];
        if attempts.commit(store, ctx, changes, &moved).await? {
            return answer;
        }
    }
}
