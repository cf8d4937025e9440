//! Notifying the other administrators that the password of one of them was changed: one outbox
//! row becomes one notice to each of their destinations.

use crate::audit::Reason;
use crate::destination::Destination;
use crate::error::Problem;
use crate::flow::send_code::row::Row;
use crate::flow::steps::write::check_account;
use crate::identity::Handle;
use crate::notice::Notice;
use crate::outbox::{Handled, Message, OutboxId, OutboxKind, OutboxRow, OutboxState};
use crate::port::{Change, Guard, KeyRing, Snapshot, Store, Want};

/// How many accounts are read at once.
const AT_ONCE: usize = 100;

/// Queues the notices, and marks the outbox row as sent.
///
/// # Errors
/// `unavailable` if an account changed or the table did not answer. The row must be handled
/// again.
pub(super) async fn notify_administrators<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    notice: Notice,
    about: &str,
    read: &Snapshot,
) -> Result<Handled, Problem> {
    let keys = row.ring.keys().await?;
    let others: Vec<&Handle> =
        read.administrators.iter().filter(|handle| **handle != row.row.handle).collect();
    for some in others.chunks(AT_ONCE) {
        let wants: Vec<Want<'_>> = some.iter().map(|handle| Want::Account(handle)).collect();
        let accounts = row.store.read(&wants).await?.accounts;
        for (handle, account) in accounts {
            let language = row.language(account.language);
            let message = |recipient| {
                // The ID is the same each time, so handling the row again adds no notice.
                let random = keys
                    .pseudonym("notice", &format!("{} {}", row.row.id, handle.as_str()))[..12]
                    .to_owned();
                let kind = Destination::kind(&recipient).as_str();
                Change::QueueMessage(Box::new(OutboxRow {
                    handle: handle.clone(),
                    id: OutboxId {
                        at: row.row.id.at,
                        what: OutboxKind::Notice,
                        random: format!("{random}-{kind}"),
                    },
                    message: Message::Notice {
                        notice,
                        recipient,
                        language,
                        about: Some(about.to_owned()),
                    },
                    support_code: row.row.support_code.clone(),
                    state: OutboxState::Queued,
                    tries: 0,
                    claimed: None,
                }))
            };
            let mut messages: Vec<Change> = account.addresses().into_iter().map(message).collect();
            if messages.is_empty() {
                continue;
            }
            // The destinations are written only while the account exists.
            messages.push(check_account(&handle, &account));
            match row.store.commit(row.ctx, &format!("tell-{}", handle.as_str()), messages).await {
                Ok(()) => {}
                // An earlier handling of the row queued these notices.
                Err(error) if error.by(Guard::Outbox) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    row.close(OutboxState::Sent, Reason::None).await
}
