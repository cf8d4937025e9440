//! What the flows need from the world. Each write is a list of [`Change`]s
//! that all happen or none; each variant states the guard it must hold.

use crate::account::{Account, GroupName, Handle, Language, Uid};
use crate::audit::{AuditEvent, Reason, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::Code;
use crate::directory::{Filter, FoundBy};
use crate::error::Problem;
use crate::limit::{Issue, Ledger, Stamp};
use crate::lockout::Lock;
use crate::method::{Destination, Kind};
use crate::notice::Notice;
use crate::outbox::{OutboxId, OutboxRow, OutboxState};
use crate::policy::{Organisation, SavedPolicy};
use crate::reset::{Reset, ResetId};
use crate::secret::{Bearer, BearerDigest};
use crate::session::Session;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

mod process;
pub use process::{Checked, Clock, Entropy, HashTarget, KeyRing, PasswordHasher, random};

/// One request: its id, its one clock value, and where it came from.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub now: Time,
    /// The caller's address, IPv6 cut to its /64.
    pub source: String,
    /// Resets started, and sends asked for, that one source may make in a
    /// clock hour.
    pub source_limit: u32,
}

impl Call {
    /// The support code of this request, where no reset gives it one.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.id)
    }
}

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
    fn send(&self, message: Outgoing<'_>) -> impl Future<Output = Result<(), SendError>> + Send;
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
    /// Sends to a destination, by its pseudonym.
    Destination(&'a str),
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
    /// Sends to the destination, newest last; `None` where it has no item.
    pub destination: Option<Vec<Time>>,
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

/// What a source is counted for in a clock hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceCounter {
    Starts,
    Sends,
}

/// One member of a transaction.
#[derive(Clone, Debug)]
pub enum Change {
    /// Guard: no account has this handle.
    CreateAccount {
        handle: Handle,
        account: Box<Account>,
    },
    /// Guard: uid, generation and revision are those of the account as read.
    SaveAccount {
        handle: Handle,
        uid: Uid,
        generation: u64,
        revision: u64,
        account: Box<Account>,
    },
    /// Guard: as for saving.
    DeleteAccount {
        handle: Handle,
        uid: Uid,
        revision: u64,
    },
    /// Guard: uid and generation are those of the account as read, and so are
    /// its role and whether it is enabled. Of the one who acts, or of the one
    /// that is acted on where nothing of it is written.
    CheckAccount {
        handle: Handle,
        uid: Uid,
        generation: u64,
    },
    /// No guard of its own: it is written with the account.
    List {
        handle: Handle,
        by: FoundBy,
    },
    /// No guard of its own: it is written with the account.
    Unlist {
        handle: Handle,
        by: FoundBy,
    },
    /// No guard: a group that is known twice is known.
    KnowGroup(GroupName),
    /// Guard: the lock's revision is the one read, or there was none.
    SaveLock {
        handle: Handle,
        seen: Option<String>,
        lock: Lock,
        now: Time,
    },
    /// No guard: whatever it says, it is over.
    ClearLock {
        handle: Handle,
    },
    /// Guard: sends of the kind are as they were read. Writes the slot, so
    /// the older challenge of the kind dies in the same write.
    IssueChallenge {
        handle: Handle,
        purpose: Purpose,
        issue: Box<Issue>,
    },
    /// Guard: this very challenge is live, asked for by this bearer, not
    /// expired, not used, with guesses left, and the account's count is not
    /// full. Takes a guess and adds the stamp.
    ChargeGuess {
        handle: Handle,
        purpose: Purpose,
        challenge: ChallengeId,
        sec: BearerDigest,
        stamp: Stamp,
        now: Time,
    },
    /// Guard: this very challenge is live and not used. Marks it used and
    /// takes the request's own stamp back.
    UseChallenge {
        handle: Handle,
        purpose: Purpose,
        challenge: ChallengeId,
        stamp: Stamp,
    },
    /// Guard: this very challenge is live and not expired.
    CheckChallenge {
        handle: Handle,
        purpose: Purpose,
        challenge: ChallengeId,
        now: Time,
    },
    /// No guard: ends live challenges of the kinds, and the count if asked.
    DropChallenges {
        handle: Handle,
        purpose: Purpose,
        kinds: Vec<Kind>,
        fails: bool,
        now: Time,
    },
    /// Guard: no reset has this id.
    CreateReset(Box<Reset>),
    /// Guard: real, open, not expired, this bearer's, kind not proved yet.
    ProveKind {
        handle: Handle,
        reset: ResetId,
        sec: BearerDigest,
        kind: Kind,
        now: Time,
    },
    /// Guard: open, not expired, this bearer's.
    FinishReset {
        handle: Handle,
        reset: ResetId,
        sec: BearerDigest,
        now: Time,
    },
    CreateSession(Box<Session>),
    /// Guard: it exists, so that it is replaced once only.
    DeleteSession {
        handle: Handle,
        digest: BearerDigest,
    },
    /// Guard: it exists, has not ended and is not idle.
    CheckSession {
        handle: Handle,
        digest: BearerDigest,
        now: Time,
    },
    /// Guard: it exists. Writes down its use.
    TouchSession {
        handle: Handle,
        digest: BearerDigest,
        now: Time,
    },
    /// Guard: the count of this clock hour is below the limit.
    CountSource {
        source: String,
        counter: SourceCounter,
        limit: u32,
        now: Time,
    },
    /// Guard: the policy's version is the one read.
    SavePolicy {
        seen: u64,
        saved: Box<SavedPolicy>,
    },
    /// Guard: this version was never kept. The history's copy of a policy.
    KeepPolicy(Box<SavedPolicy>),
    /// Guard: the policy's version is the one read.
    CheckPolicy {
        seen: u64,
    },
    /// Guard: there is no administrator yet, if `first`.
    AddAdministrator {
        handle: Handle,
        first: bool,
    },
    /// Guard: another administrator remains.
    RemoveAdministrator {
        handle: Handle,
    },
    QueueMessage(Box<OutboxRow>),
    /// Guard: queued or claimed, with the tries it was read with.
    ClaimMessage {
        handle: Handle,
        id: OutboxId,
        tries: u32,
    },
    /// Guard: claimed, and not tried again since. Gives the try back.
    ReleaseMessage {
        handle: Handle,
        id: OutboxId,
        tries: u32,
    },
    /// Guard: not closed already. Says how it went.
    CloseMessage {
        handle: Handle,
        id: OutboxId,
        state: OutboxState,
        reason: Reason,
    },
    /// No guard: nothing of it is to be left.
    EraseMessage {
        handle: Handle,
        id: OutboxId,
    },
    /// Guard: the sends are as they were read.
    ChargeDestination {
        name: String,
        seen: Option<Vec<Time>>,
        sent: Vec<Time>,
        until: Time,
    },
    RecordEvent(Box<AuditEvent>),
}

/// The item whose guard failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Account,
    /// An account that was only to be as it was read: whose act it is.
    Actor,
    Directory,
    Lock,
    Ledger,
    Reset,
    Session,
    Source,
    Policy,
    Administrators,
    Outbox,
    Destination,
    Audit,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum CommitError {
    /// A guard failed. For a charge, the ledger as it stands.
    Refused { guards: Vec<Guard>, ledger: Option<Box<Ledger>> },
    /// The table did not answer, or conflicts did not end. Nothing is known
    /// to have been written.
    Unavailable,
}

impl CommitError {
    pub fn by(&self, guard: Guard) -> bool {
        matches!(self, CommitError::Refused { guards, .. } if guards.contains(&guard))
    }
}

impl From<CommitError> for Problem {
    /// Where a flow has no better word for a refusal, asking again is right.
    fn from(_: CommitError) -> Problem {
        Problem::unavailable()
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
    fn commit(&self, call: &Call, step: &str, changes: Vec<Change>) -> impl Future<Output = Result<(), CommitError>> + Send;
    /// Accounts that fit, in a stable order, from a position that an earlier
    /// page of the same filter gave. A page may be shorter than its limit.
    fn list_accounts(
        &self,
        filter: &Filter,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Account>, Problem>> + Send;
    /// Groups that have a member, by name.
    fn list_groups(&self, limit: u32, from: Option<String>) -> impl Future<Output = Result<Page<GroupName>, Problem>> + Send;
    /// Messages of an account that were not sent, and may hold an address.
    fn unsent_messages(&self, handle: &Handle) -> impl Future<Output = Result<Vec<OutboxId>, Problem>> + Send;
    /// Saved policies, newest first.
    fn list_policies(&self, limit: u32, from: Option<String>) -> impl Future<Output = Result<Page<SavedPolicy>, Problem>> + Send;
}
