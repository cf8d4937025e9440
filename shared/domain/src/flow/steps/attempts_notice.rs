//! Telling the owner of an account that someone tries to get into it (ASVS 6.3.5).

use crate::audit::{Event, SupportCode};
use crate::context::RequestContext;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::messages::queue_with;
use crate::identity::Handle;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxKind};
use crate::policy::Policy;
use crate::port::Store;
use crate::time::Span;

/// Queues the notice of attempts, at most once in a UTC day for each user ID, known or not. The
/// entry in the audit trail refuses a second one. If the table does not answer, the next attempt
/// queues it.
pub(in crate::flow) async fn tell_of_attempts(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
    support_code: SupportCode,
    policy: &Policy,
) {
    let entry = AuditEntry {
        support_code: support_code.clone(),
        ..AuditEntry::new(ctx, handle, Event::AttemptsNoticed)
    };
    let message = Message::ToOwner { notice: Notice::Attempts };
    let changes = vec![
        entry.record_once(Span::days(1), ctx, policy),
        queue_with(ctx, handle, support_code, OutboxKind::ToOwner, message),
    ];
    let _ = store.commit(ctx, "attempts", changes).await;
}
