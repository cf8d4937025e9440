//! Notices to several destinations: one outbox row becomes one row for each. Those of the other
//! administrators when the password of one of them was changed, and those of an account's owner.

use crate::account::Account;
use crate::audit::Reason;
use crate::destination::Destination;
use crate::error::Problem;
use crate::flow::send_code::row::Row;
use crate::flow::steps::write::check_account;
use crate::identity::Handle;
use crate::key::Keys;
use crate::kind::Channel;
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
            let about = Some(about);
            let messages =
                row.notices(&keys, &handle, &account, account.addresses(), notice, about);
            if messages.is_empty() {
                continue;
            }
            row.queue(messages, &handle, &account).await?;
        }
    }
    row.close(OutboxState::Sent, Reason::None).await
}

/// Queues a notice to each mail address of the account, and marks the outbox row as sent. An SMS
/// costs money, so an attacker cannot cause one by this.
///
/// # Errors
/// `unavailable`, as [`notify_administrators`].
pub(super) async fn notify_owner<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    notice: Notice,
    read: &Snapshot,
) -> Result<Handled, Problem> {
    let handle = &row.row.handle;
    let Some(account) = read.account(handle) else {
        return row.close(OutboxState::Dropped, Reason::UnknownUser).await;
    };
    let mut recipients = account.addresses();
    recipients.retain(|to| to.channel() == Channel::Mail);
    if recipients.is_empty() {
        return row.close(OutboxState::Dropped, Reason::NotEnoughMethods).await;
    }
    let keys = row.ring.keys().await?;
    let messages = row.notices(&keys, handle, account, recipients, notice, None);
    row.queue(messages, handle, account).await?;
    row.close(OutboxState::Sent, Reason::None).await
}

impl<S: Store, R: KeyRing> Row<'_, S, R> {
    /// The outbox rows of a notice to these destinations of an account.
    fn notices(
        &self,
        keys: &Keys,
        handle: &Handle,
        account: &Account,
        recipients: Vec<Destination>,
        notice: Notice,
        about: Option<&str>,
    ) -> Vec<Change> {
        let language = self.language(account.language);
        let row = |recipient| {
            // The ID is the same each time, so handling the row again adds no notice.
            let random = keys.pseudonym("notice", &format!("{} {}", self.row.id, handle.as_str()))
                [..12]
                .to_owned();
            let kind = Destination::kind(&recipient).as_str();
            let about = about.map(str::to_owned);
            Change::QueueMessage(Box::new(OutboxRow {
                handle: handle.clone(),
                id: OutboxId {
                    at: self.row.id.at,
                    what: OutboxKind::Notice,
                    random: format!("{random}-{kind}"),
                },
                message: Message::Notice { notice, recipient, language, about },
                support_code: self.row.support_code.clone(),
                state: OutboxState::Queued,
                tries: 0,
                claimed: None,
            }))
        };
        recipients.into_iter().map(row).collect()
    }

    /// Writes the outbox rows of a notice. The destinations are written only while the account
    /// exists.
    async fn queue(
        &self,
        mut messages: Vec<Change>,
        handle: &Handle,
        account: &Account,
    ) -> Result<(), Problem> {
        messages.push(check_account(handle, account));
        let step = format!("tell-{}", handle.as_str());
        match self.store.commit(self.ctx, &step, messages).await {
            // An earlier handling of the row queued these notices.
            Err(error) if !error.by(Guard::Outbox) => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
