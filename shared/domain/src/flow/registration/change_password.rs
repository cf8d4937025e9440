//! Changing one's own password, including a temporary one.

use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode, Violation, ViolationCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::issue_device;
use crate::flow::steps::messages::notices;
use crate::flow::steps::new_password::{hash_unbreached, refusals};
use crate::flow::steps::new_session::NewSession;
use crate::flow::steps::password_proof::{
    PasswordLock, TypedPassword, count_wrong_current, wanted_locks,
};
use crate::flow::steps::signed_in::signed_in;
use crate::flow::steps::write::{replace_session, save_account};
use crate::notice::Notice;
use crate::password::Password;
use crate::port::{BreachedPasswords, Guard, HashTarget, PasswordHasher, Store, Want};
use crate::secret::{Bearer, BearerKind};
use crate::session::{Session, next_step, note_asked};

/// Changes the password of a user who types the current one too (ASVS 6.2.3). All other sessions,
/// and all resets, end, and all known devices are forgotten. This session continues under a new
/// bearer token. If no further step is due, the device of this request gets a new token.
///
/// # Errors
/// `passwordRefused` if the new password breaks a rule or was breached; `currentPasswordWrong`; `signInLocked`
/// while sign-in is locked.
pub async fn change_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    breached: &impl BreachedPasswords,
    ctx: &RequestContext,
    bearer: &Bearer,
    current: &Password,
    new: &Password,
) -> Result<NewSession, Problem> {
    let wants: Vec<Want<'_>> = wanted_locks(ctx, &bearer.handle).collect();
    let mut typed = TypedPassword::new(current);
    let mut attempts = Attempts::of("change-password");
    loop {
        attempts.begin()?;
        let who = signed_in(store, ctx, bearer, &wants).await?;
        let (handle, policy) = (who.handle().clone(), who.policy.policy.clone());
        let lock = PasswordLock::of(ctx, &who.read, Some(&who.account), &handle);
        typed.check_lock(&lock, ctx)?;
        let mut violations = refusals(store, &who.policy, &who.account, new).await?;
        let is_temporary = who.account.temporary_until.is_some();
        let is_same = new.is(current) || is_temporary && new.dictated().is(&current.dictated());
        if violations.is_empty() && is_same {
            violations.push(Violation::new("/newPassword", ViolationCode::PasswordUnchanged));
        }
        if !violations.is_empty() {
            return Err(Problem { violations, ..ProblemCode::PasswordRefused.into() });
        }
        let checked = typed.check(hasher, HashTarget::of(&who.account)).await?;
        let (changes, answer) = if checked.right {
            let mut account = who.account.clone();
            account.hash = hash_unbreached(breached, hasher, ctx, new).await?;
            account.temporary_until = None;
            let next = next_step(&account, &policy, ctx.now);
            note_asked(&mut account, next, ctx.now);
            let account = account.with_devices_revoked();
            let entry = AuditEntry {
                uid: Some(&account.uid),
                ..AuditEntry::new(ctx, &handle, Event::PasswordChanged)
            };
            let bearer = Bearer::new(BearerKind::Session, handle.clone(), ctx.random());
            let session = Session::begin(&account, &bearer, next, ctx.now, ctx.now);
            let mut changes = vec![
                save_account(&handle, &who.account, account.clone()),
                entry.record(ctx, &policy),
            ];
            let reissued = lock.reissue(ctx, &account).filter(|_| next.is_none());
            if reissued.is_none() {
                changes.push(lock.after_right(ctx));
            }
            let issued = match (next, reissued) {
                (Some(_), _) => None,
                (None, Some(reissued)) => Some(reissued),
                (None, None) => issue_device(store, ctx, &attempts, &account, &handle).await?,
            };
            let (device, issued) = issued.unzip();
            changes.extend(issued);
            changes.extend(replace_session(&who.session, &session));
            changes.extend(notices(ctx, &handle, &who.account, Notice::PasswordChanged, &policy));
            (changes, Ok(NewSession::of(bearer, session, account, &policy, ctx.now).on(device)))
        } else {
            let (changes, problem) = count_wrong_current(store, ctx, &who, &lock, checked).await?;
            (changes, Err(problem))
        };
        // If another request wrote first, read and decide again. The next read fails if the
        // session has ended.
        let moved = [Guard::Lock, Guard::Device, Guard::Account, Guard::Session];
        if attempts.commit(store, ctx, changes, &moved).await? {
            return answer;
        }
    }
}
