//! What the flows need from outside: the table, the channels, keys and hashes.
//!
//! Every write is a list of [`Change`]s of which all happen or none. Each change
//! states its guard.

use crate::account::Account;
use crate::audit::SupportCode;
use crate::challenge::{LedgerId, Purpose};
use crate::code::Code;
use crate::context::RequestContext;
use crate::delivery::{MessageId, SentMessage};
use crate::destination::Destination;
use crate::device::{Device, DeviceSlot};
use crate::error::Problem;
use crate::idempotency::IdempotencyRecord;
use crate::identity::{GroupName, Handle};
use crate::language::Language;
use crate::ledger::Ledger;
use crate::limit::Flags;
use crate::lockout::Lock;
use crate::notice::{MethodsNow, Notice};
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

mod breached;
mod change;
mod lists;
mod process;
pub use breached::BreachedPasswords;
pub use change::{Change, CommitError, Guard};
pub use lists::{Lists, Page};
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
        /// The support code of the reset or request that caused it.
        support_code: &'a SupportCode,
        /// The methods of the recipient's account.
        methods: &'a MethodsNow,
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
    /// The device in a slot of a handle.
    Device(&'a Handle, DeviceSlot),
    /// One ledger of a handle.
    Ledger(&'a Handle, LedgerId),
    /// One reset of a handle.
    Reset(&'a Handle, &'a ResetId),
    /// The session of a bearer.
    Session(&'a Bearer),
    /// One outbox row of a handle.
    Outbox(&'a Handle, &'a OutboxId),
    /// The account and destination that a message was sent to.
    Sent(&'a MessageId),
    /// The sends to a destination, by its pseudonym: those to known devices, or all others.
    Destination(&'a str, LedgerId),
    /// What was counted of a source, by its pseudonym.
    Source(&'a str, SourceCounter),
    /// The counts of messages in the UTC day of this instant.
    Budget(Time),
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
    /// The devices that exist, by slot.
    pub devices: BTreeMap<DeviceSlot, Device>,
    /// The ledgers that exist.
    pub ledgers: BTreeMap<LedgerId, Ledger>,
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
    /// The counts of the sources, by their pseudonyms.
    pub sources: BTreeMap<String, SourceCounts>,
    /// How many messages were charged in the day, by
    /// [the name of the counter](crate::limit::DayCounter::name).
    pub spent: BTreeMap<String, u32>,
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
    /// A ledger, empty if it does not exist.
    pub fn ledger(&self, id: LedgerId) -> Ledger {
        self.ledgers.get(&id).cloned().unwrap_or_default()
    }
    /// The counts of a source, empty if nothing was counted.
    pub fn source(&self, name: &str) -> SourceCounts {
        self.sources.get(name).cloned().unwrap_or_default()
    }
    /// The policy that applies: the saved one, or the initial one until one is
    /// saved.
    pub fn policy(&self) -> SavedPolicy {
        self.policy.clone().unwrap_or_else(SavedPolicy::initial)
    }
}

/// The items of the table, by their keys. A method that fails answers
/// `unavailable`, unless it says otherwise.
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
    /// The terms that were saved with this version. Missing terms are
    /// `unavailable`.
    fn terms(&self, version: u64) -> impl Future<Output = Result<Arc<Terms>, Problem>> + Send;
}
