//! Setting the new password at the end of a reset.

use crate::account::Role;
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::reset::open::{ended_or, mine, open_reset, proved};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::messages::{notices, queue};
use crate::flow::steps::new_password::refusals;
use crate::flow::steps::revoke::revoke_for_reset;
use crate::flow::steps::write::save_account;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::password::Password;
use crate::password::hash::StoredHash;
use crate::port::{Change, Guard, PasswordHasher, Store, Want};
use crate::reset::ResetId;
use crate::secret::Bearer;

/// Sets the new password. Everything it depends on is tested in the
/// transaction that writes it; sessions, other resets and challenges die with
/// the old one.
pub async fn set_password(
    store: &impl Store,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    bearer: &Bearer,
    id: &ResetId,
    new: &Password,
) -> Result<(), Problem> {
    mine(bearer, id)?;
    let handle = &bearer.handle;
    let mut hash: Option<StoredHash> = None;
    let mut attempts = Attempts::of("set-password");
    loop {
        attempts.begin()?;
        let read =
            store.read(&[Want::Reset(handle, id), Want::Account(handle), Want::Policy]).await?;
        let saved = read.policy();
        let policy = &saved.policy;
        let reset = open_reset(&read, bearer, ctx)?;
        let told_of = |problem: Problem| problem.with_support_code(&reset.support_code());

        // Proofs come first: who has none learns nothing, about the account
        // or about passwords, and costs no hash.
        let account = proved(reset, read.account(handle), policy).map_err(told_of)?;
        let violations = refusals(store, &saved, account, new).await.map_err(told_of)?;
        if !violations.is_empty() {
            return Err(told_of(Problem { violations, ..ProblemCode::PasswordRefused.into() }));
        }
        let hash = match &hash {
            Some(hash) => hash.clone(),
            None => hash.insert(hasher.hash(new, ctx.random()).await?).clone(),
        };

        let mut after = account.clone();
        after.hash = hash;
        after.temporary_until = None;
        let entry = AuditEntry {
            uid: Some(&account.uid),
            support_code: reset.support_code(),
            ..AuditEntry::new(ctx, handle, Event::PasswordReset)
        };
        let mut changes = vec![
            entry.record(ctx, policy),
            save_account(handle, account, after.with_sessions_revoked()),
            Change::FinishReset {
                handle: handle.clone(),
                reset: id.clone(),
                owner: bearer.digest(),
                now: ctx.now,
            },
            Change::CheckPolicy { seen: saved.version },
            Change::ClearLock { handle: handle.clone() },
        ];
        changes.extend(revoke_for_reset(ctx, handle));
        changes.extend(notices(ctx, handle, account, Notice::PasswordReset, policy));
        if account.role == Role::Administrator && policy.notify_administrators {
            // Who the others are is found by `send-code`, one message each.
            let message = Message::ToAdministrators { about: account.name.clone() };
            changes.push(queue(ctx, handle, OutboxKind::ToAdministrators, message));
        }
        // The policy or the account moved: judge anew, with the same hash.
        let moved = [Guard::Policy, Guard::Account];
        let written = attempts.commit(store, ctx, changes, &moved).await;
        if written.map_err(|error| told_of(ended_or(error)))? {
            return Ok(());
        }
    }
}
