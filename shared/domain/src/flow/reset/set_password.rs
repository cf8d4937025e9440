//! Setting the new password at the end of a reset.

use crate::account::Role;
use crate::audit::Event;
use crate::context::RequestContext;
use crate::device::DeviceToken;
use crate::error::{Problem, ProblemCode};
use crate::flow::reset::open::{
    check_bearer, open_reset, proved_account, read_proved, write_refused,
};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::devices::issue_device;
use crate::flow::steps::messages::{notices, queue};
use crate::flow::steps::new_password::{hash_unbreached, refusals};
use crate::flow::steps::write::save_account;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::password::Password;
use crate::password::hash::StoredHash;
use crate::port::{BreachedPasswords, Change, Guard, PasswordHasher, Store};
use crate::reset::ResetId;
use crate::secret::Bearer;

/// Sets the new password. Its transaction has a guard on everything that the decision depends
/// on. The account's sessions and other resets end, and their codes with them; its known devices
/// are forgotten, and the next sign-in asks for a review of the methods. Returns the token of a
/// new device, if the request wants one.
///
/// # Errors
/// `resetEnded`; `proofMissing` if too few kinds of method are proved; `passwordRefused` if the
/// new password breaks a rule or was breached.
pub async fn set_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    breached: &impl BreachedPasswords,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: &ResetId,
    new: &Password,
) -> Result<Option<DeviceToken>, Problem> {
    check_bearer(bearer, id)?;
    let handle = &bearer.handle;
    let mut hash: Option<StoredHash> = None;
    let mut attempts = Attempts::of("set-password");
    loop {
        attempts.begin()?;
        let read = read_proved(store, bearer, id, ctx).await?;
        let saved = read.policy();
        let policy = &saved.policy;
        let reset = open_reset(&read, bearer, ctx)?;
        let traced = |problem: Problem| problem.with_support_code(&reset.support_code());

        // The proofs are checked first. A caller without them learns nothing about the account
        // or its passwords, and causes no password hash.
        let account = proved_account(reset, read.account(handle), policy).map_err(traced)?;
        let violations = refusals(store, &saved, account, new).await.map_err(traced)?;
        if !violations.is_empty() {
            return Err(traced(Problem { violations, ..ProblemCode::PasswordRefused.into() }));
        }
        let hash = if let Some(hash) = &hash {
            hash.clone()
        } else {
            let made = hash_unbreached(breached, hasher, ctx, new).await.map_err(traced)?;
            hash.insert(made).clone()
        };

        let mut after = account.clone();
        after.hash = hash;
        after.temporary_until = None;
        after.require_review(&reset.proofs(account, policy), ctx.now);
        let after = after.with_devices_revoked();
        let (device, issued) = issue_device(store, ctx, &attempts, &after, handle).await?.unzip();
        let entry = AuditEntry {
            uid: Some(&account.uid),
            support_code: reset.support_code(),
            ..AuditEntry::new(ctx, handle, Event::PasswordReset)
        };
        let mut changes = vec![
            entry.record(ctx, policy),
            save_account(handle, account, after),
            Change::FinishReset {
                handle: handle.clone(),
                reset: id.clone(),
                owner: bearer.digest(),
                now: ctx.now,
            },
            Change::CheckPolicy { seen: saved.version },
            Change::ClearLock { handle: handle.clone() },
        ];
        changes.extend(issued);
        // The failed guesses beside the codes that proved this reset no longer count.
        changes.extend(reset.ledgers.iter().map(|ledger| Change::ClearFails {
            handle: handle.clone(),
            ledger: *ledger,
            now: ctx.now,
        }));
        changes.extend(notices(ctx, handle, account, Notice::PasswordReset, policy));
        if account.role == Role::Administrator && policy.notify_administrators {
            // `send-code` finds the other administrators and sends each a notice.
            let (notice, about) = (Notice::AdministratorReset, account.name.clone());
            let message = Message::ToAdministrators { notice, about };
            changes.push(queue(ctx, handle, OutboxKind::ToAdministrators, message));
        }
        // If the policy, the account or a device changed, read and decide again, with the same hash.
        let moved = [Guard::Policy, Guard::Account, Guard::Device];
        let written = attempts.commit(store, ctx, changes, &moved).await;
        if written.map_err(|error| traced(write_refused(error)))? {
            return Ok(device);
        }
    }
}
