//! What the flows need from the world. Each write is a list of [`Change`]s
//! that all happen or none; each variant states the guard it must hold.

use crate::account::{Account, Handle, Language, Uid};
use crate::audit::{AuditEvent, Reason, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::code::Code;
use crate::error::Problem;
use crate::key::{KeyId, Keys};
use crate::limit::{Budget, Flags, Issue, Ledger, Spent, Stamp};
use crate::lockout::{Fingerprint, Lock};
use crate::method::{Destination, Kind};
use crate::notice::Notice;
use crate::outbox::{OutboxId, OutboxRow, OutboxState};
use crate::password::{Password, StoredHash, terms::Terms};
use crate::policy::{Organisation, SavedPolicy};
use crate::repeat::{Outcome, Remembered, Repeatable};
use crate::reset::{Reset, ResetId};
use crate::secret::{Bearer, BearerDigest};
use crate::session::Session;
use crate::time::Time;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

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
    /// Where its caller may send it again.
    pub repeatable: Option<Repeatable>,
}

impl Call {
    /// The support code of this request, where no reset gives it one.
    pub fn support_code(&self) -> SupportCode {
        SupportCode::of(&self.id)
    }
}

/// What tells the time.
pub trait Clock: Send + Sync {
    fn now(&self) -> Time;
}

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    fn fill(&self, out: &mut [u8]);
}

impl<T: Entropy + ?Sized> Entropy for Arc<T> {
    fn fill(&self, out: &mut [u8]) {
        (**self).fill(out);
    }
}

/// `N` random bytes.
pub fn random<const N: usize>(entropy: &impl Entropy) -> [u8; N] {
    let mut out = [0; N];
    entropy.fill(&mut out);
    out
}

/// The secret's keys, read once and lazily.
pub trait KeyRing: Send + Sync {
    /// The keys as they were last read; unavailable where they cannot be.
    fn keys(&self) -> impl Future<Output = Result<Arc<Keys>, Problem>> + Send;
    /// Keys that hold a generation. One that is unknown is asked for once
    /// more; where it stays unknown, unavailable.
    fn keys_with(&self, kid: KeyId) -> impl Future<Output = Result<Arc<Keys>, Problem>> + Send;
}

/// What a password is checked against.
pub enum HashTarget<'a> {
    Stored(&'a StoredHash),
    /// No account: the same work, and always wrong.
    Decoy([u8; 16]),
}

/// The outcome of a password check.
pub struct Checked {
    pub right: bool,
    /// Made with other parameters or an older pepper than today's.
    pub stale: bool,
    pub fingerprint: Fingerprint,
}

/// Argon2id, a bounded number at once.
pub trait PasswordHasher: Send + Sync {
    fn hash(&self, password: &Password, salt: [u8; 16]) -> impl Future<Output = Result<StoredHash, Problem>> + Send;
    fn check(&self, target: HashTarget<'_>, password: &Password) -> impl Future<Output = Result<Checked, Problem>> + Send;
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
    /// SMS sent in the UTC day of this instant, in all and to a country.
    Budget(Time, &'a str),
    /// Whether SMS is unavailable to everybody.
    Flags,
    /// What a request of this name did.
    Remembered(&'a Handle, &'a str),
    /// The handles of all enabled administrators.
    Administrators,
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
    pub budget: Spent,
    pub flags: Flags,
    pub remembered: Option<Remembered>,
    pub administrators: BTreeSet<Handle>,
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
    /// Guard: as for checking. The account's generation moves in the same
    /// write, and this one session goes on with it.
    KeepSession {
        handle: Handle,
        digest: BearerDigest,
        generation: u64,
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
    /// Guard: no terms were kept under this version.
    KeepTerms(u64, Terms),
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
    /// Guard: the sends are as they were read.
    ChargeDestination {
        name: String,
        seen: Option<Vec<Time>>,
        sent: Vec<Time>,
        until: Time,
    },
    /// Guard: the day's SMS, in all and to the country, are below the most
    /// that is given. No guard where none is: notices are always sent.
    ChargeBudget {
        country: String,
        most: Option<Budget>,
        now: Time,
    },
    /// No guard: SMS is unavailable to everybody until then, unless the
    /// policy allows more than this many a day.
    CloseSms {
        until: Time,
        budget: u32,
    },
    /// Guard: open, not expired, this bearer's.
    CancelReset {
        handle: Handle,
        reset: ResetId,
        sec: BearerDigest,
        now: Time,
    },
    /// Guard: no request of this name is remembered.
    Remember {
        handle: Handle,
        name: String,
        remembered: Box<Remembered>,
    },
    /// Guard: it is remembered. Says how it ended.
    Conclude {
        handle: Handle,
        name: String,
        outcome: Outcome,
    },
    RecordEvent(Box<AuditEvent>),
}

/// The item whose guard failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    Account,
    Lock,
    Ledger,
    Reset,
    Session,
    Source,
    Policy,
    Administrators,
    Outbox,
    Destination,
    Budget,
    Repeat,
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
    /// Accounts in a stable order, from a position that an earlier page gave.
    fn list_accounts(&self, limit: u32, from: Option<String>) -> impl Future<Output = Result<Page<Account>, Problem>> + Send;
    /// The terms that were saved with this version; missing ones are unavailable.
    fn terms(&self, version: u64) -> impl Future<Output = Result<Arc<Terms>, Problem>> + Send;
    /// Saved policies, newest first.
    fn list_policies(&self, limit: u32, from: Option<String>) -> impl Future<Output = Result<Page<SavedPolicy>, Problem>> + Send;
}
