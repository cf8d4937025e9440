//! A password somebody typed, judged under the lock of sign-in: there, and
//! wherever it is asked for again. Wrong ones count alike, and nothing is told
//! before its write stands.

use crate::audit::{Event, Reason};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::signed_in::SignedIn;
use crate::identity::Handle;
use crate::lockout::Lock;
use crate::password::Password;
use crate::port::{Change, HashTarget, PasswordCheck, PasswordHasher, Snapshot};

/// A typed password, over the attempts of one request.
pub(in crate::flow) struct TypedPassword<'a> {
    password: &'a Password,
    /// What it was checked against, and the outcome: one hash for each.
    checked: Option<(Option<String>, PasswordCheck)>,
    /// How often the count had been cleared when the lock was first read.
    cleared: Option<u32>,
}

impl<'a> TypedPassword<'a> {
    pub fn new(password: &'a Password) -> TypedPassword<'a> {
        TypedPassword { password, checked: None, cleared: None }
    }

    /// The lock as it was read; a problem while sign-in waits. A count that a
    /// right password cleared in between is no new one for guesses that were
    /// under way: whatever the password, they are told to ask again.
    pub fn lock(&mut self, read: &Snapshot, ctx: &RequestContext) -> Result<Lock, Problem> {
        let lock = open(read, ctx)?;
        match *self.cleared.get_or_insert(lock.cleared) == lock.cleared {
            true => Ok(lock),
            false => Err(Problem::unavailable()),
        }
    }

    /// Checks it, unless it was checked against this very hash.
    pub async fn check(
        &mut self,
        hasher: &impl PasswordHasher,
        target: HashTarget<'_>,
    ) -> Result<&PasswordCheck, Problem> {
        let of = match &target {
            HashTarget::Stored(hash) => Some(hash.as_stored().to_owned()),
            HashTarget::Decoy(_) => None,
        };
        let checked = match self.checked.take().filter(|(before, _)| *before == of) {
            Some(checked) => checked,
            None => (of, hasher.check(target, self.password).await?),
        };
        Ok(&self.checked.insert(checked).1)
    }
}

/// The lock as it was read; a problem while sign-in waits.
pub(in crate::flow) fn open(read: &Snapshot, ctx: &RequestContext) -> Result<Lock, Problem> {
    let lock = read.lock.clone().unwrap_or_default();
    match lock.locked_until(ctx.now) {
        Some(until) => Err(Problem::retry_at(ProblemCode::SignInLocked, until, ctx.now)),
        None => Ok(lock),
    }
}

/// Saves a lock over the one that was read: so no more outcomes are told than
/// one after the other would be.
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

/// What a wrong password of somebody signed in writes, and how it is told: it
/// counts as a wrong sign-in.
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
