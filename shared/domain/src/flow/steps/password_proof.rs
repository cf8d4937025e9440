//! Checking a password that a user typed, at sign-in and wherever it must be typed again.
//!
//! Every wrong password counts towards the sign-in lockout. A flow answers only after the write
//! of the sign-in lock has succeeded.

use crate::audit::{Event, Reason};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::SignedIn;
use crate::identity::Handle;
use crate::lockout::Lock;
use crate::password::Password;
use crate::port::{Change, HashTarget, PasswordCheck, PasswordHasher, Snapshot};

/// A password that a user typed, for all attempts of one request.
pub(in crate::flow) struct TypedPassword<'a> {
    password: &'a Password,
    /// The stored hash of the last check (`None` for a decoy) and its outcome, so that an
    /// attempt with the same hash does not check again.
    checked: Option<(Option<String>, PasswordCheck)>,
    /// The value of [`Lock::cleared`] at the first read of the lock.
    cleared: Option<u32>,
}

impl<'a> TypedPassword<'a> {
    pub(crate) fn new(password: &'a Password) -> TypedPassword<'a> {
        TypedPassword { password, checked: None, cleared: None }
    }

    /// Returns the lock as it was read.
    ///
    /// # Errors
    /// `signInLocked` while sign-in is locked. `unavailable` if a right password cleared the
    /// count since the first attempt, because the guess must not be judged by the new count.
    pub(crate) fn lock(&mut self, read: &Snapshot, ctx: &RequestContext) -> Result<Lock, Problem> {
        let lock = current_lock(read, ctx)?;
        match *self.cleared.get_or_insert(lock.cleared) == lock.cleared {
            true => Ok(lock),
            false => Err(Problem::unavailable()),
        }
    }

    /// Checks the password, unless an earlier attempt checked it against the same hash.
    pub(crate) async fn check(
        &mut self,
        hasher: &impl PasswordHasher,
        target: HashTarget<'_>,
    ) -> Result<&PasswordCheck, Problem> {
        let hash = match &target {
            HashTarget::Stored(hash) => Some(hash.as_stored().to_owned()),
            HashTarget::Decoy(_) => None,
        };
        let checked = match self.checked.take().filter(|(before, _)| *before == hash) {
            Some(checked) => checked,
            None => (hash, hasher.check(target, self.password).await?),
        };
        Ok(&self.checked.insert(checked).1)
    }
}

/// Returns the lock as it was read.
///
/// # Errors
/// `signInLocked` while sign-in is locked.
pub(in crate::flow) fn current_lock(
    read: &Snapshot,
    ctx: &RequestContext,
) -> Result<Lock, Problem> {
    let lock = read.lock.clone().unwrap_or_default();
    match lock.locked_until(ctx.now) {
        Some(until) => Err(Problem::retry_at(ProblemCode::SignInLocked, until, ctx.now)),
        None => Ok(lock),
    }
}

/// Returns the change that saves a lock over the one that was read. Its guard serialises
/// simultaneous guesses, so that each is counted.
pub(in crate::flow) fn save_lock(
    ctx: &RequestContext,
    handle: &Handle,
    read: &Snapshot,
    lock: Lock,
) -> Change {
    Change::SaveLock {
        handle: handle.clone(),
        seen: read.lock.as_ref().map(|l| l.revision.clone()),
        lock,
        now: ctx.now,
    }
}

/// Returns the changes and the problem for a wrong password of a signed-in user. It counts as a
/// wrong password at sign-in.
pub(in crate::flow) fn count_wrong(
    ctx: &RequestContext,
    who: &SignedIn,
    lock: &Lock,
    checked: &PasswordCheck,
) -> (Vec<Change>, Problem) {
    let policy = &who.policy.policy;
    let wrong =
        lock.after_wrong(checked.fingerprint, policy.limits.wrong_passwords, ctx.now, &ctx.id);
    let entry = AuditEntry {
        uid: Some(&who.account.uid),
        reason: Reason::WrongPassword,
        ..AuditEntry::new(ctx, who.handle(), Event::SignInFailed)
    };
    let problem = Problem {
        lockout: wrong.locked_until(ctx.now).is_some(),
        ..ProblemCode::CurrentPasswordWrong.into()
    };
    (vec![save_lock(ctx, who.handle(), &who.read, wrong), entry.record(ctx, policy)], problem)
}
