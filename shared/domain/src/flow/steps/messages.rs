//! Queueing messages, which `send-code` sends.

use crate::account::Account;
use crate::audit::SupportCode;
use crate::challenge::ChallengeId;
use crate::context::RequestContext;
use crate::identity::Handle;
use crate::kind::Class;
use crate::notice::Notice;
use crate::outbox::{Message, OutboxId, OutboxKind, OutboxRow, OutboxState};
use crate::policy::Policy;
use crate::port::Change;
use crate::reset::ResetId;
use crate::secret::random_text;

/// Returns the change that queues a message.
pub(in crate::flow) fn queue(
    ctx: &RequestContext,
    handle: &Handle,
    what: OutboxKind,
    message: Message,
) -> Change {
    let support_code = match &what {
        OutboxKind::Code(_, Some(reset)) => reset.support_code(),
        OutboxKind::Code(_, None)
        | OutboxKind::Notice
        | OutboxKind::ToAdministrators
        | OutboxKind::ToOwner => ctx.support_code(),
    };
    queue_with(ctx, handle, support_code, what, message)
}

/// Returns the change that queues a message with this support code.
pub(in crate::flow) fn queue_with(
    ctx: &RequestContext,
    handle: &Handle,
    support_code: SupportCode,
    what: OutboxKind,
    message: Message,
) -> Change {
    Change::QueueMessage(Box::new(OutboxRow {
        handle: handle.clone(),
        id: OutboxId { at: ctx.now, what, random: random_text(ctx.random::<9>()) },
        message,
        support_code,
        state: OutboxState::Queued,
        tries: 0,
        claimed: None,
    }))
}

/// Returns the change that queues the code of a challenge: for a reset or, without one, for a
/// registration. `None` for a kind of method that needs no message.
pub(in crate::flow) fn queue_code(
    ctx: &RequestContext,
    handle: &Handle,
    challenge: ChallengeId,
    reset: Option<&ResetId>,
) -> Option<Change> {
    match challenge.kind.class() {
        Class::Delivered(_) => {
            let what = OutboxKind::Code(challenge.ledger, reset.cloned());
            Some(queue(ctx, handle, what, Message::Code { challenge }))
        }
        Class::Held(_) => None,
    }
}

/// Returns the changes that queue one notice to each destination that was verified before the
/// account changed.
pub(in crate::flow) fn notices(
    ctx: &RequestContext,
    handle: &Handle,
    before: &Account,
    notice: Notice,
    policy: &Policy,
) -> Vec<Change> {
    let language = before.language.unwrap_or(policy.organisation.language);
    let to = |recipient| {
        let message = Message::Notice { notice, recipient, language, about: None };
        queue(ctx, handle, OutboxKind::Notice, message)
    };
    before.addresses().into_iter().map(to).collect()
}
