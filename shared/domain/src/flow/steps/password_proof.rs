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
use crate::port::{Change, Guard, HashTarget, PasswordCheck, PasswordHasher, Snapshot, Store};
use crate::time::Span;

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
    let lock = read.lock.clone().unwrap_or_default().as_of(ctx.now);
    match lock.locked_until(ctx.now) {
        Some(until) => Err(Problem::retry_at(ProblemCode::SignInLocked, until, ctx.now)),
        None => Ok(lock),
    }
}

/// Returns the change for a right password: it clears the count of wrong passwords. If none
/// counts, it only checks that none was counted since the read, so that right passwords that
/// arrive together do not refuse each other.
pub(in crate::flow) fn clear_or_check_lock(
    ctx: &RequestContext,
    handle: &Handle,
    read: &Snapshot,
    lock: &Lock,
) -> Change {
    match lock.after_right(&ctx.id) {
        Some(cleared) => save_lock(ctx, handle, read, cleared),
        None => Change::CheckLock { handle: handle.clone(), seen: seen(read) },
    }
}

/// Counts a wrong password: returns the changes that do so and record `entry`, and whether
/// sign-in is locked now. A repetition of one of the last three wrong passwords needs no change:
/// it is not counted, and recorded here at most once a minute.
pub(in crate::flow) async fn count_wrong(
    store: &impl Store,
    ctx: &RequestContext,
    read: &Snapshot,
    lock: &Lock,
    checked: &PasswordCheck,
    entry: AuditEntry<'_>,
) -> Result<(Vec<Change>, bool), Problem> {
    let policy = &read.policy().policy;
    let threshold = policy.limits.wrong_passwords;
    let Some(wrong) = lock.after_wrong(checked.fingerprint, threshold, ctx.now, &ctx.id) else {
        let recorded =
            store.commit(ctx, "repetition", vec![entry.record_once(Span::minutes(1), ctx, policy)]);
        return match recorded.await {
            Err(error) if !error.by(Guard::Audit) => Err(error.into()),
            Ok(()) | Err(_) => Ok((Vec::new(), false)),
        };
    };
    let locked = wrong.locked_until(ctx.now).is_some();
    let handle = entry.handle;
    Ok((vec![save_lock(ctx, handle, read, wrong), entry.record(ctx, policy)], locked))
}

/// Counts a wrong current password of a signed-in user, as [`count_wrong`] does. Returns the
/// changes and the problem to answer.
pub(in crate::flow) async fn count_wrong_current(
    store: &impl Store,
    ctx: &RequestContext,
    who: &SignedIn,
    lock: &Lock,
    checked: &PasswordCheck,
) -> Result<(Vec<Change>, Problem), Problem> {
    let entry = AuditEntry {
        uid: Some(&who.account.uid),
        reason: Reason::WrongPassword,
        ..AuditEntry::new(ctx, who.handle(), Event::SignInFailed)
    };
    let (changes, lockout) = count_wrong(store, ctx, &who.read, lock, checked, entry).await?;
    Ok((changes, Problem { lockout, ..ProblemCode::CurrentPasswordWrong.into() }))
}

/// Returns the change that saves a lock over the one that was read. Its guard serialises
/// simultaneous guesses, so that each is counted.
fn save_lock(ctx: &RequestContext, handle: &Handle, read: &Snapshot, lock: Lock) -> Change {
    Change::SaveLock { handle: handle.clone(), seen: seen(read), lock, now: ctx.now }
}

/// Returns the revision of the lock that was read.
fn seen(read: &Snapshot) -> Option<String> {
    read.lock.as_ref().map(|lock| lock.revision.clone())
}
