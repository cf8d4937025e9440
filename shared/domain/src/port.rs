//! What the flows need from outside: the table, the channels, keys and hashes.
//!
//! Every write is a list of [`Change`]s of which all happen or none. Each change
//! states its guard.

use crate::account::Account;
use crate::challenge::Purpose;
use crate::code::Code;
use crate::context::RequestContext;
use crate::delivery::{MessageId, SentMessage};
use crate::destination::Destination;
use crate::directory::Filter;
use crate::error::Problem;
use crate::idempotency::IdempotencyRecord;
use crate::identity::{GroupName, Handle};
use crate::language::Language;
use crate::limit::{Flags, Ledger, Spent};
use crate::lockout::Lock;
use crate::notice::Notice;
use crate::outbox::{OutboxId, OutboxRow};
use crate::password::terms::Terms;
use crate::policy::Organisation;
use crate::policy::saved::SavedPolicy;
use crate::reset::{Reset, ResetId};
use crate::secret::Bearer;
use crate::session::Session;
use crate::source::{SourceCounter, SourceCounts};
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

mod change;
mod process;
pub use change::{Change, CommitError, Guard};
pub use process::{HashTarget, KeyRing, PasswordCheck, PasswordHasher};

/// A message to one destination.
pub struct Outgoing<'a> {
    /// The destination.
    pub to: &'a Destination,
    /// The language of its text.
    pub language: Language,
    /// The organisation that it names as its sender.
    pub organisation: &'a Organisation,
    /// What it tells.
    pub content: Content<'a>,
}

/// What a message tells.
pub enum Content<'a> {
    /// A one-time code.
    Code {
        /// The code.
        code: &'a Code,
        /// What the code is for.
        purpose: Purpose,
        /// How many minutes the code is valid, rounded up.
        minutes: u32,
    },
    /// A notice of a change.
    Notice {
        /// The change.
        notice: Notice,
        /// The name of the person it concerns, if that is not the recipient.
        about: Option<&'a str>,
    },
}

/// Why a send was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The channel refuses this message for good.
    Permanent,
    /// The channel refused the message now, and may accept it later.
    Refused,
    /// The channel did not answer: it may have accepted the message.
    Unknown,
}

/// Sends messages by mail and SMS. Only the function `send-code` has one.
pub trait Sender: Send + Sync {
    /// Hands a message to its channel. Returns the channel's ID of the message,
    /// which later delivery events carry.
    ///
    /// # Errors
    /// A [`SendError`] if the channel did not confirm the message.
    fn send(
        &self,
        message: Outgoing<'_>,
    ) -> impl Future<Output = Result<Option<MessageId>, SendError>> + Send;
}

/// One item of a consistent read.
#[derive(Clone)]
pub enum Want<'a> {
    /// The account of a handle.
    Account(&'a Handle),
    /// The lock of sign-in of a handle.
    Lock(&'a Handle),
    /// The ledger of a handle and purpose.
    Ledger(&'a Handle, Purpose),
    /// One reset of a handle.
    Reset(&'a Handle, &'a ResetId),
    /// The session of a bearer.
    Session(&'a Bearer),
    /// One outbox row of a handle.
    Outbox(&'a Handle, &'a OutboxId),
    /// The account and destination that a message was sent to.
    Sent(&'a MessageId),
    /// The sends to a destination, by its pseudonym.
    Destination(&'a str),
    /// What was counted of a source, by its pseudonym.
    Source(&'a str, SourceCounter),
    /// The SMS charged in the UTC day of this instant, in total and to a country.
    Budget(Time, &'a str),
    /// Whether SMS is unavailable to all accounts.
    Flags,
    /// The idempotency record of this name.
    IdempotencyRecord(&'a Handle, &'a str),
    /// The handles of all enabled administrators.
    Administrators,
    /// Whether a group is registered.
    Group(&'a GroupName),
    /// The policy.
    Policy,
}

/// What one consistent read found. An item that was not wanted, or does not
/// exist, is `None` or empty.
#[derive(Default)]
pub struct Snapshot {
    /// The accounts that exist, by handle.
    pub accounts: BTreeMap<Handle, Account>,
    /// The lock of sign-in.
    pub lock: Option<Lock>,
    /// The ledgers that exist, by purpose.
    pub ledgers: BTreeMap<Purpose, Ledger>,
    /// The reset.
    pub reset: Option<Reset>,
    /// The session.
    pub session: Option<Session>,
    /// The outbox row.
    pub outbox: Option<OutboxRow>,
    /// The message that a channel accepted.
    pub sent: Option<SentMessage>,
    /// The sends to the destination, newest last.
    pub destination: Option<Vec<Time>>,
    /// The counts of the source.
    pub source: SourceCounts,
    /// The SMS charged in the day.
    pub budget: Spent,
    /// Whether SMS is unavailable.
    pub flags: Flags,
    /// The idempotency record.
    pub idempotency: Option<IdempotencyRecord>,
    /// The handles of all enabled administrators.
    pub administrators: BTreeSet<Handle>,
    /// The wanted groups that are registered.
    pub groups: BTreeSet<GroupName>,
    /// The policy; `None` until one is saved.
    pub policy: Option<SavedPolicy>,
}

impl Snapshot {
    /// The account of a handle.
    pub fn account(&self, handle: &Handle) -> Option<&Account> {
        self.accounts.get(handle)
    }
    /// The ledger of a purpose, empty if it does not exist.
    pub fn ledger(&self, purpose: Purpose) -> Ledger {
        self.ledgers.get(&purpose).cloned().unwrap_or_default()
    }
    /// The policy that applies: the saved one, or the initial one until one is
    /// saved.
    pub fn policy(&self) -> SavedPolicy {
        self.policy.clone().unwrap_or_else(SavedPolicy::initial)
    }
}

/// One page of a list.
pub struct Page<T> {
    /// The entries of the page.
    pub items: Vec<T>,
    /// The position of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// The table. A method that fails answers `unavailable`, unless it says
/// otherwise.
pub trait Store: Send + Sync {
    /// Reads up to 100 items, each with every write that was committed before.
    fn read(&self, wants: &[Want<'_>]) -> impl Future<Output = Result<Snapshot, Problem>> + Send;
    /// Writes all of the changes or none, each under its guard. `step` tells the
    /// commits of one request apart: repeating the same commit writes once.
    ///
    /// # Errors
    /// A [`CommitError`] if a guard failed or the table did not answer.
    fn commit(
        &self,
        ctx: &RequestContext,
        step: &str,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;
    /// Stores the account and destination of a message under the ID that its
    /// channel gave it. A channel gives each ID once, so there is no guard. This
    /// write is separate from that of the outbox row: the message went out even
    /// if the row cannot be written.
    fn remember_sent(
        &self,
        id: &MessageId,
        sent: &SentMessage,
    ) -> impl Future<Output = Result<(), Problem>> + Send;
    /// Counts a failed sign-in of a source, by its pseudonym, and removes the `stale` intervals
    /// of its counts. It has no guard, since a refusal would tell that the password was wrong.
    /// It is no part of the transaction that counts the wrong password for the account: there,
    /// an attacker could make it conflict, and would know a wrong password by that.
    fn count_failed_sign_in(
        &self,
        source: &str,
        stale: &[i64],
        now: Time,
    ) -> impl Future<Output = Result<(), Problem>> + Send;
    /// The accounts that match a filter, in a stable order. `from` is the `next`
    /// of an earlier page of the same filter. A page may be shorter than `limit`.
    fn list_accounts(
        &self,
        filter: &Filter,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Account>, Problem>> + Send;
    /// The groups that have a member, in the order of their names.
    fn list_groups(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<GroupName>, Problem>> + Send;
    /// The outbox rows of an account that were not sent. They may hold a
    /// destination.
    fn unsent_messages(
        &self,
        handle: &Handle,
    ) -> impl Future<Output = Result<Vec<OutboxId>, Problem>> + Send;
    /// The outbox rows that wait to be sent. `from` is the `next` of an earlier
    /// page. The list is read from an index, so the newest rows may be missing.
    fn list_waiting(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The outbox rows that wait to be sent, and then those that failed.
    fn list_unsent(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The terms that were saved with this version. Missing terms are
    /// `unavailable`.
    fn terms(&self, version: u64) -> impl Future<Output = Result<Arc<Terms>, Problem>> + Send;
    /// The saved policies, newest first.
    fn list_policies(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<SavedPolicy>, Problem>> + Send;
}
