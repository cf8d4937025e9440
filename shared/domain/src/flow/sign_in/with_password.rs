//! Signing in with a user ID and password.

use crate::account::Account;
use crate::audit::{Event, Reason};
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::issue_device;
use crate::flow::steps::idempotency::record_outcome;
use crate::flow::steps::new_session::{NewSession, SESSION_BEARER, session_again};
use crate::flow::steps::password_proof::{PasswordLock, TypedPassword, count_wrong, wanted_locks};
use crate::flow::steps::source::{check_failed_sign_ins, count_failed_sign_in, source_name};
use crate::flow::steps::write::save_account;
use crate::idempotency::Outcome;
use crate::identity::{Handle, TypedUserId};
use crate::password::Password;
use crate::port::{Change, Guard, HashTarget, KeyRing, PasswordHasher, Store, Want};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Session, next_step, note_asked};
use crate::source::SourceCounter;
use crate::time::Time;

/// Checks a user ID and password. An unknown user ID, a disabled account and a wrong password
/// cause the same work (one read, one hash, the same writes) and get the same answer. The flow
/// answers only after the write has succeeded.
///
/// A known device of the account is judged by its own lock alone. A sign-in that completes every
/// step issues a device, if the request wants one and its device is not known.
///
/// # Errors
/// `signInFailed`; `signInLocked` while sign-in is locked; `tooManyFromAddress` after too many
/// failed sign-ins of the source, whichever accounts they tried.
pub async fn sign_in(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    user_id: &TypedUserId,
    password: &Password,
) -> Result<NewSession, Problem> {
    let keys = ring.keys().await?;
    let ctx = &RequestContext { devices: ctx.devices.genuine(&keys), ..ctx.clone() };
    let handle = keys.handle(user_id);
    let source = source_name(ctx, &keys);
    let mut wants = vec![
        Want::Account(&handle),
        Want::Policy,
        Want::Source(&source, SourceCounter::FailedSignIns),
    ];
    wants.extend(wanted_locks(ctx, &handle));
    let mut typed = TypedPassword::new(password);

    let mut attempts = Attempts::of("sign-in");
    loop {
        attempts.begin()?;
        let read = store.read(&wants).await?;
        let policy = read.policy().policy;
        let account = read.account(&handle);
        let lock = PasswordLock::of(ctx, &read, account, &handle);
        if !lock.is_of_device() {
            check_failed_sign_ins(&read, ctx, &source)?;
        }
        typed.check_lock(&lock, ctx)?;
        let target = match account {
            Some(account) => HashTarget::of(account),
            None => HashTarget::Decoy(keys.decoy_salt(&handle)),
        };
        let checked = typed.check(hasher, target).await?;

        let refusal = refusal(account, checked.right, ctx.now);
        let uid = account.map_or_else(|| keys.decoy_uid(&handle), |a| a.uid.clone());
        let entry = AuditEntry {
            uid: Some(&uid),
            reason: refusal,
            ..AuditEntry::new(ctx, &handle, Event::SignInFailed)
        };
        let mut new_guess = false;
        let (changes, answer) = match account {
            Some(account) if refusal == Reason::None => {
                let next = next_step(account, &policy, ctx.now);
                let bearer =
                    Bearer::new(BearerKind::Session, handle.clone(), ctx.secret(SESSION_BEARER));
                let session = Session::begin(account, &bearer, next, ctx.now, ctx.now);
                let entry = AuditEntry { event: Event::SignedIn, ..entry };
                let mut changes = vec![
                    lock.after_right(ctx),
                    Change::CreateSession(Box::new(session.clone())),
                    entry.record(ctx, &policy),
                ];
                changes.extend(record_outcome(ctx, &handle, Outcome::Done));
                let mut after = account.clone();
                note_asked(&mut after, next, ctx.now);
                if checked.stale {
                    let spelled = account.temporary_until.map(|_| password.dictated());
                    let right = spelled.as_ref().unwrap_or(password);
                    after.hash = hasher.hash(right, ctx.random()).await?;
                }
                if after.asked_at != account.asked_at || checked.stale {
                    changes.push(save_account(&handle, account, after.clone().revised()));
                }
                let issued = match next.is_none() && !lock.is_of_device() {
                    true => issue_device(store, ctx, &attempts, &after, &handle).await?,
                    false => None,
                };
                let (device, issued) = issued.unzip();
                changes.extend(issued);
                let device = device.or_else(|| lock.renewed(ctx));
                (changes, Ok(NewSession::of(bearer, session, after, &policy, ctx.now).on(device)))
            }
            _ => {
                let (mut changes, lockout) =
                    count_wrong(store, ctx, &read, &lock, checked, entry).await?;
                // A repetition is no new guess, so it does not count for the source either. Nor does
                // a wrong password on a known device.
                new_guess = !changes.is_empty() && !lock.is_of_device();
                changes.extend(record_outcome(
                    ctx,
                    &handle,
                    Outcome::Refused(ProblemCode::SignInFailed),
                ));
                (changes, Err(Problem { lockout, ..ProblemCode::SignInFailed.into() }))
            }
        };
        let moved = [Guard::Lock, Guard::Device, Guard::Account];
        if attempts.commit(store, ctx, changes, &moved).await? {
            if new_guess {
                count_failed_sign_in(store, ctx, &source, &read).await?;
            }
            return answer;
        }
    }
}

/// Returns the session that an earlier sign-in created, for a repeated request.
///
/// # Errors
/// `signInLocked` while sign-in is locked: otherwise a repetition would show that the password was
/// right at a time when no password may be tried. `signInRequired` if the session has ended.
pub async fn sign_in_again(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
) -> Result<NewSession, Problem> {
    let wants = wanted_locks(ctx, handle).chain([Want::Account(handle)]);
    let read = store.read(&wants.collect::<Vec<_>>()).await?;
    PasswordLock::of(ctx, &read, read.account(handle), handle).check_open(ctx)?;
    session_again(store, ctx, handle).await
}

/// The reason why this sign-in is refused; [`Reason::None`] if it is accepted.
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
