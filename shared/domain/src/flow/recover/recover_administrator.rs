//! Issuing a temporary password to an administrator when no other administrator can.

use crate::account::{Account, Role};
use crate::audit::Event;
use crate::context::RequestContext;
use crate::error::{Problem, ProblemCode};
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::messages::{notices, queue};
use crate::flow::steps::temporary::{CreatedUser, Issued};
use crate::flow::steps::unlock::unlock_changes;
use crate::flow::steps::write::save_account;
use crate::identity::UserId;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::port::{Guard, KeyRing, PasswordHasher, Store, Want};

/// Issues a temporary password to an administrator. The account's sessions and resets end, and
/// it is unlocked. The account's own destinations and all other administrators get a notice. No
/// setting of the policy turns it off.
///
/// # Errors
/// `notFound` if no enabled administrator has the user ID.
pub async fn recover_administrator(
    store: &impl Store,
    ring: &impl KeyRing,
    hasher: &impl PasswordHasher,
    ctx: &RequestContext,
    user_id: &UserId,
) -> Result<CreatedUser, Problem> {
    let keys = ring.keys().await?;
    let handle = keys.handle_of(user_id);
    let issued = Issued::new(hasher, ctx).await?;
    let mut attempts = Attempts::of("recover-administrator");
    loop {
        attempts.begin()?;
        let read = store.read(&[Want::Account(&handle), Want::Policy]).await?;
        let policy = read.policy().policy;
        let administrator = |a: &&Account| a.enabled && a.role == Role::Administrator;
        let before = read.account(&handle).filter(administrator).ok_or(ProblemCode::NotFound)?;
        let account = issued.given_to(before);
        let entry = AuditEntry {
            uid: Some(&account.uid),
            ..AuditEntry::new(ctx, &handle, Event::AdministratorRecovered)
        };
        let about = account.name.clone();
        let message = Message::ToAdministrators { notice: Notice::AdministratorRecovered, about };
        let mut changes = vec![
            entry.record(ctx, &policy),
            save_account(&handle, before, account.clone()),
            queue(ctx, &handle, OutboxKind::ToAdministrators, message),
        ];
        changes.extend(unlock_changes(ctx, &keys, &handle, before, &read));
        changes.extend(notices(ctx, &handle, before, Notice::PasswordIssued, &policy));
        if attempts.commit(store, ctx, changes, &[Guard::Account]).await? {
            return Ok(issued.shown_with(account));
        }
    }
}
