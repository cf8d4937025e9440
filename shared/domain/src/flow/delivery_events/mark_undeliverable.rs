//! Marks a method whose messages cannot be delivered. The account's owner sees the mark at the
//! next sign-in, and administrators see it too.
//!
//! The mark changes nothing else: the account's generation stays, no session, reset or code
//! ends, and a reset answers as before. Otherwise an attacker who makes messages fail, for
//! example by filling a mailbox, could lock a user out.

use crate::audit::{Event, SupportCode};
use crate::context::RequestContext;
use crate::delivery::{MessageId, Returned, Undeliverable};
use crate::error::Problem;
use crate::flow::steps::attempts::Attempts;
use crate::flow::steps::audit_entry::AuditEntry;
use crate::flow::steps::write::save_account;
use crate::kind::MethodId;
use crate::method::{Binding, Method};
use crate::port::{Change, Guard, KeyRing, Store, Want};

/// The result of a delivery event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// The event marked the method.
    Marked,
    /// The method was marked before, and its owner has not confirmed it since.
    Already,
    /// The method was removed, has another destination now, or was verified after the
    /// message was sent.
    Moved,
    /// No message with this ID is recorded, or the event was handled before.
    Unknown,
}

impl Marked {
    /// The result as log events contain it.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Marked::Marked => "marked",
            Marked::Already => "already",
            Marked::Moved => "moved",
            Marked::Unknown => "unknown",
        }
    }
}

/// Marks the method whose message was returned permanently. Returns the result, and the support
/// code of the message if its record was found.
pub async fn mark_undeliverable(
    store: &impl Store,
    ring: &impl KeyRing,
    ctx: &RequestContext,
    id: &MessageId,
    returned: Returned,
) -> Result<(Marked, Option<SupportCode>), Problem> {
    let keys = ring.keys().await?;
    let mut attempts = Attempts::of("undeliverable");
    loop {
        attempts.begin()?;
        let sent = store.read(&[Want::Sent(id)]).await?.sent;
        let Some(sent) = sent.filter(|sent| sent.kind == returned.kind()) else {
            return Ok((Marked::Unknown, None));
        };
        let support_code = Some(sent.support_code.clone());
        let read = store.read(&[Want::Account(&sent.handle), Want::Policy]).await?;
        let id_of_method = MethodId::only(sent.kind);
        let was_sent_to = |method: &Method| {
            let delivered = method.binding.delivered()?;
            (keys.destination_name(&delivered.destination) == sent.destination
                && method.verified_at < sent.at)
                .then(|| (method.clone(), delivered.clone()))
        };
        let account = read.account(&sent.handle);
        let method = account.and_then(|account| account.methods.get(id_of_method));
        let (Some(account), Some((method, mut delivered))) =
            (account, method.and_then(was_sent_to))
        else {
            return Ok((Marked::Moved, support_code));
        };
        let confirmed = |since| account.confirmed_at.is_some_and(|at| at >= since);
        if delivered.undeliverable.as_ref().is_some_and(|before| !confirmed(before.since)) {
            return Ok((Marked::Already, support_code));
        }
        let mut marked = account.clone();
        delivered.undeliverable = Some(Undeliverable { since: ctx.now, reason: returned });
        let binding = Binding::Delivered(delivered);
        marked.methods.insert(id_of_method, Method { binding, ..method });
        let entry = AuditEntry {
            uid: Some(&account.uid),
            kind: Some(sent.kind),
            reason: returned.reason(),
            support_code: sent.support_code.clone(),
            ..AuditEntry::new(ctx, &sent.handle, Event::MethodUndeliverable)
        };
        let changes = vec![
            entry.record(ctx, &read.policy().policy),
            save_account(&sent.handle, account, marked.revised()),
            Change::ForgetSent(id.clone()),
        ];
        // If the account changed, or the same event was delivered twice at once, read and
        // decide again.
        if attempts.commit(store, ctx, changes, &[Guard::Account, Guard::Sent]).await? {
            return Ok((Marked::Marked, support_code));
        }
    }
}
