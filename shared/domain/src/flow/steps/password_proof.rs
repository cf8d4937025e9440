//! Checking a password that a user typed, at sign-in and wherever it must be typed again.
//!
//! Every wrong password counts towards a sign-in lock: that of the known device which sent the
//! request, or else that of the account. A flow answers only after the write of the lock has
//! succeeded.

use crate::account::Account;
use crate::audit::{Event, Reason};
use crate::context::RequestContext;
use crate::device::{Device, DeviceSlot, DeviceToken};
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts_notice::tell_of_attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::{known_device, new_token, wanted_device};
use crate::flow::steps::signed_in::SignedIn;
use crate::identity::Handle;
use crate::lockout::Lock;
use crate::password::Password;
use crate::port::{
    Change, Guard, HashTarget, PasswordCheck, PasswordHasher, Snapshot, Store, Want,
};
use crate::time::Span;

/// The locks to read for a request with a password.
pub(in crate::flow) fn wanted_locks<'a>(
    ctx: &RequestContext,
    handle: &'a Handle,
) -> impl Iterator<Item = Want<'a>> {
    [Want::Lock(handle)].into_iter().chain(wanted_device(ctx, handle))
}

/// The lock that judges the password of a request, and where it is stored.
pub(in crate::flow) struct PasswordLock {
    handle: Handle,
    /// The lock as it counts now.
    lock: Lock,
    place: Place,
}

/// Where a lock is stored, as it was read.
enum Place {
    /// In an item of its own, with this revision; `None` if it does not exist.
    Account(Option<String>),
    /// In a known device.
    Device(DeviceSlot, Box<Device>),
}

impl PasswordLock {
    /// Returns the lock of the known device that sent the request, or else that of the account.
    pub(crate) fn of(
        ctx: &RequestContext,
        read: &Snapshot,
        account: Option<&Account>,
        handle: &Handle,
    ) -> PasswordLock {
        let known = known_device(ctx, read, account, handle);
        let (lock, place) = if let Some((slot, device)) = known {
            (device.lock.clone(), Place::Device(slot, Box::new(device.clone())))
        } else {
            let seen = read.lock.as_ref().map(|lock| lock.revision.clone());
            (read.lock.clone().unwrap_or_default(), Place::Account(seen))
        };
        PasswordLock { handle: handle.clone(), lock: lock.as_of(ctx.now), place }
    }

    /// Whether a known device sent the request.
    pub(crate) fn is_of_device(&self) -> bool {
        matches!(self.place, Place::Device(..))
    }

    /// Checks that a password may be tried now.
    ///
    /// # Errors
    /// `signInLocked` while the lock is locked.
    pub(crate) fn check_open(&self, ctx: &RequestContext) -> Result<(), Problem> {
        match self.lock.locked_until(ctx.now) {
            Some(until) => Err(Problem::retry_at(ProblemCode::SignInLocked, until, ctx.now)),
            None => Ok(()),
        }
    }

    /// Returns the change for a right password: it clears the count of wrong passwords. If none
    /// counts, it only checks that none was counted since the read, so that right passwords that
    /// arrive together do not refuse each other. Once a day it also records the use of a known
    /// device.
    pub(crate) fn after_right(&self, ctx: &RequestContext) -> Change {
        let cleared = self.lock.after_right(&ctx.id);
        match (&self.place, cleared) {
            (_, Some(cleared)) => self.save(ctx, cleared, true),
            (Place::Account(seen), None) => {
                Change::CheckLock { handle: self.handle.clone(), seen: seen.clone() }
            }
            (Place::Device(_, device), None) if device.renewal_due(ctx.now) => {
                self.save(ctx, device.lock.clone(), true)
            }
            (Place::Device(slot, device), None) => Change::CheckDevice {
                handle: self.handle.clone(),
                slot: *slot,
                seen: device.lock.revision.clone(),
                digest: device.digest.clone(),
            },
        }
    }

    /// Returns the token of the known device, if it is in a cookie and
    /// [`PasswordLock::after_right`] records its use. The answer sets the cookie again, so that
    /// browsers keep it as long as the table keeps the device.
    pub(crate) fn renewed(&self, ctx: &RequestContext) -> Option<DeviceToken> {
        match &self.place {
            Place::Device(_, device) if device.renewal_due(ctx.now) && !ctx.devices.in_header => {
                ctx.devices.of(&self.handle).cloned()
            }
            Place::Device(..) | Place::Account(_) => None,
        }
    }

    /// Returns a new token for the known device that sent the request, and the change that stores
    /// it in place of the old one. It is for a right password in a request by which the account
    /// forgets all devices, and replaces [`PasswordLock::after_right`]. `account` is the account as
    /// the request leaves it.
    pub(crate) fn reissue(
        &self,
        ctx: &RequestContext,
        account: &Account,
    ) -> Option<(DeviceToken, Change)> {
        let Place::Device(slot, read) = &self.place else { return None };
        let token = new_token(ctx, &self.handle, *slot);
        let device = Device::issue(&token, account, ctx.now, &ctx.id);
        Some((token, self.save_device(*slot, read, device)))
    }

    fn save_device(&self, slot: DeviceSlot, read: &Device, device: Device) -> Change {
        Change::SaveDevice {
            handle: self.handle.clone(),
            slot,
            digest: read.digest.clone(),
            seen: read.lock.revision.clone(),
            device: Box::new(device),
        }
    }

    /// Returns the change that saves a lock over the one that was read. Its guard serialises
    /// simultaneous guesses, so that each is counted. After a right password it also records the
    /// use of a known device.
    fn save(&self, ctx: &RequestContext, lock: Lock, right: bool) -> Change {
        match &self.place {
            Place::Account(seen) => {
                let (handle, seen) = (self.handle.clone(), seen.clone());
                Change::SaveLock { handle, seen, lock, now: ctx.now }
            }
            Place::Device(slot, read) => {
                let device = Device { lock, ..Device::clone(read) };
                let device = if right { device.used_at(ctx.now) } else { device };
                self.save_device(*slot, read, device)
            }
        }
    }
}

/// A password that a user typed, for all attempts of one request.
pub(in crate::flow) struct TypedPassword<'a> {
    password: &'a Password,
    /// The stored hash of the last check (`None` for a decoy) and its outcome, so that an
    /// attempt with the same hash does not check again.
    checked: Option<(Option<String>, PasswordCheck)>,
    /// Whether the lock of the first attempt was that of a device, and its [`Lock::cleared`].
    first: Option<(bool, u32)>,
}

impl<'a> TypedPassword<'a> {
    pub(crate) fn new(password: &'a Password) -> TypedPassword<'a> {
        TypedPassword { password, checked: None, first: None }
    }

    /// Checks that this lock may judge the password now.
    ///
    /// # Errors
    /// `signInLocked` while the lock is locked. `unavailable` if a right password cleared its count
    /// since the first attempt, or if the first attempt was judged by another lock: the guess must
    /// not be judged by a new count.
    pub(crate) fn check_lock(
        &mut self,
        lock: &PasswordLock,
        ctx: &RequestContext,
    ) -> Result<(), Problem> {
        lock.check_open(ctx)?;
        let now = (lock.is_of_device(), lock.lock.cleared);
        match *self.first.get_or_insert(now) == now {
            true => Ok(()),
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
            HashTarget::Stored(hash) | HashTarget::Temporary(hash) => {
                Some(hash.as_stored().to_owned())
            }
            HashTarget::Decoy(_) => None,
        };
        let checked = match self.checked.take().filter(|(before, _)| *before == hash) {
            Some(checked) => checked,
            None => (hash, hasher.check(target, self.password).await?),
        };
        Ok(&self.checked.insert(checked).1)
    }
}

/// Counts a wrong password: returns the changes that do so and record `entry`, and whether
/// sign-in is locked now. A repetition of one of the last three wrong passwords needs no change:
/// it is not counted, and recorded here at most once a minute. The owner is told when the wait
/// has become the longest.
pub(in crate::flow) async fn count_wrong(
    store: &impl Store,
    ctx: &RequestContext,
    read: &Snapshot,
    lock: &PasswordLock,
    checked: &PasswordCheck,
    entry: AuditEntry<'_>,
) -> Result<(Vec<Change>, bool), Problem> {
    let policy = &read.policy().policy;
    let threshold = policy.limits.wrong_passwords;
    let Some(wrong) = lock.lock.after_wrong(checked.fingerprint, threshold, ctx.now, &ctx.id)
    else {
        let recorded =
            store.commit(ctx, "repetition", vec![entry.record_once(Span::minutes(1), ctx, policy)]);
        return match recorded.await {
            Err(error) if !error.by(Guard::Audit) => Err(error.into()),
            Ok(()) | Err(_) => Ok((Vec::new(), false)),
        };
    };
    let locked = wrong.locked_until(ctx.now).is_some();
    if wrong.waits_longest(ctx.now) {
        tell_of_attempts(store, ctx, entry.handle, ctx.support_code(), policy).await;
    }
    Ok((vec![lock.save(ctx, wrong, false), entry.record(ctx, policy)], locked))
}

/// Counts a wrong current password of a signed-in user, as [`count_wrong`] does. Returns the
/// changes and the problem to answer.
pub(in crate::flow) async fn count_wrong_current(
    store: &impl Store,
    ctx: &RequestContext,
    who: &SignedIn,
    lock: &PasswordLock,
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
