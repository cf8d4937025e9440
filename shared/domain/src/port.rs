//! What the flows need from the world. Each write is a list of [`Change`]s
//! that all happen or none; each variant states the guard it must hold.

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
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

mod change;
mod process;
pub use change::{Change, CommitError, Guard, SourceCounter};
pub use process::{HashTarget, KeyRing, PasswordCheck, PasswordHasher};

/// A message on its way to one destination.
pub struct Outgoing<'a> {
    pub to: &'a Destination,
    pub language: Language,
    pub organisation: &'a Organisation,
    pub content: Content<'a>,
}

pub enum Content<'a> {
    Code { code: &'a Code, purpose: Purpose, minutes: u32 },
    Notice { notice: Notice, about: Option<&'a str> },
}

/// Why a message is not known to be on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The channel will never take this one.
    Permanent,
    /// The channel did not take it now, and may later.
    Refused,
    /// No answer: it may have been taken.
    Unknown,
}

/// The channels; `send-code` alone has one.
pub trait Sender: Send + Sync {
    /// Hands a message to its channel; the name that the channel gave it, by
    /// which its events speak of it.
    fn send(
        &self,
        message: Outgoing<'_>,
    ) -> impl Future<Output = Result<Option<MessageId>, SendError>> + Send;
}

/// One item of a consistent read.
#[derive(Clone)]
pub enum Want<'a> {
    Account(&'a Handle),
    Lock(&'a Handle),
    Ledger(&'a Handle, Purpose),
    Reset(&'a Handle, &'a ResetId),
    Session(&'a Bearer),
    Outbox(&'a Handle, &'a OutboxId),
    /// Whose a message of this name was.
    Sent(&'a MessageId),
    /// Sends to a destination, by its pseudonym.
    Destination(&'a str),
    /// SMS sent in the UTC day of this instant, in all and to a country.
    Budget(Time, &'a str),
    /// Whether SMS is unavailable to everybody.
    Flags,
    /// What a request of this name did.
    IdempotencyRecord(&'a Handle, &'a str),
    /// The handles of all enabled administrators.
    Administrators,
    /// Whether a group is known.
    Group(&'a GroupName),
    Policy,
}

/// What one consistent read found.
#[derive(Default)]
pub struct Snapshot {
    pub accounts: BTreeMap<Handle, Account>,
    pub lock: Option<Lock>,
    pub ledgers: BTreeMap<Purpose, Ledger>,
    pub reset: Option<Reset>,
    pub session: Option<Session>,
    pub outbox: Option<OutboxRow>,
    pub sent: Option<SentMessage>,
    /// Sends to the destination, newest last; `None` where it has no item.
    pub destination: Option<Vec<Time>>,
    pub budget: Spent,
    pub flags: Flags,
    pub idempotency: Option<IdempotencyRecord>,
    pub administrators: BTreeSet<Handle>,
    /// Groups wanted that are known.
    pub groups: BTreeSet<GroupName>,
    pub policy: Option<SavedPolicy>,
}

impl Snapshot {
    pub fn account(&self, handle: &Handle) -> Option<&Account> {
        self.accounts.get(handle)
    }
    pub fn ledger(&self, purpose: Purpose) -> Ledger {
        self.ledgers.get(&purpose).cloned().unwrap_or_default()
    }
    /// The policy that holds: the saved one, else the first one.
    pub fn policy(&self) -> SavedPolicy {
        self.policy.clone().unwrap_or_else(SavedPolicy::initial)
    }
}

/// A page of a list, and where the next begins.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

/// The table.
pub trait Store: Send + Sync {
    /// One consistent read of up to a hundred items.
    fn read(&self, wants: &[Want<'_>]) -> impl Future<Output = Result<Snapshot, Problem>> + Send;
    /// All of the changes or none, each under its guard. `step` tells commits
    /// of one request apart: a repetition of the same is one write.
    fn commit(
        &self,
        ctx: &RequestContext,
        step: &str,
        changes: Vec<Change>,
    ) -> impl Future<Output = Result<(), CommitError>> + Send;
    /// Writes down whose a message was, under the name that its channel gave
    /// it; each name is given once, so there is nothing to guard. Not part of
    /// the row's own write: that a message went out stays true whatever becomes
    /// of its row.
    fn remember_sent(
        &self,
        id: &MessageId,
        sent: &SentMessage,
    ) -> impl Future<Output = Result<(), Problem>> + Send;
    /// Accounts that fit, in a stable order, from a position that an earlier
    /// page of the same filter gave. A page may be shorter than its limit.
    fn list_accounts(
        &self,
        filter: &Filter,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Account>, Problem>> + Send;
    /// Groups that have a member, by name.
    fn list_groups(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<GroupName>, Problem>> + Send;
    /// Messages of an account that were not sent, and may hold an address.
    fn unsent_messages(
        &self,
        handle: &Handle,
    ) -> impl Future<Output = Result<Vec<OutboxId>, Problem>> + Send;
    /// Rows of the outbox that wait to be sent, from a position that an earlier
    /// page gave. One that was written in this moment may be missing.
    fn list_waiting(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The same, and then those that failed.
    fn list_unsent(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The terms that were saved with this version; missing ones are unavailable.
    fn terms(&self, version: u64) -> impl Future<Output = Result<Arc<Terms>, Problem>> + Send;
    /// Saved policies, newest first.
    fn list_policies(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<SavedPolicy>, Problem>> + Send;
}
