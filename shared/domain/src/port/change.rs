//! What a transaction may change, and the guard each change must hold.

use crate::account::Account;
use crate::audit::{AuditEvent, Reason};
use crate::challenge::{ChallengeId, Purpose};
use crate::delivery::MessageId;
use crate::directory::FoundBy;
use crate::error::Problem;
use crate::idempotency::{IdempotencyRecord, Outcome};
use crate::identity::{GroupName, Handle, Uid};
use crate::kind::Kind;
use crate::limit::{Budget, Issue, Ledger, Stamp};
use crate::lockout::Lock;
use crate::outbox::{Claimed, OutboxId, OutboxRow, OutboxState};
use crate::password::terms::Terms;
use crate::policy::saved::SavedPolicy;
use crate::reset::{Reset, ResetId};
use crate::secret::BearerDigest;
use crate::session::Session;
use crate::time::Time;

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
    CreateAccount { handle: Handle, account: Box<Account> },
    /// Guard: uid, generation and revision are those of the account as read.
    SaveAccount { handle: Handle, uid: Uid, generation: u64, revision: u64, account: Box<Account> },
    /// Guard: uid and revision are those of the account as read.
    DeleteAccount { handle: Handle, uid: Uid, revision: u64 },
    /// Guard: uid and generation are those of the account as read, and so are
    /// its role and whether it is enabled. Of the one who acts, or of the one
    /// that is acted on where nothing of it is written.
    CheckAccount { handle: Handle, uid: Uid, generation: u64 },
    /// No guard of its own: it is written with the account.
    Index { handle: Handle, by: FoundBy },
    /// No guard of its own: it is written with the account.
    Unindex { handle: Handle, by: FoundBy },
    /// No guard: a group that is known twice is known.
    RegisterGroup(GroupName),
    /// Guard: the lock's revision is the one read, or there was none.
    SaveLock { handle: Handle, seen: Option<String>, lock: Lock, now: Time },
    /// No guard: whatever it says, it is over.
    ClearLock { handle: Handle },
    /// Guard: sends of the kind are as they were read. Writes the slot, so
    /// the older challenge of the kind dies in the same write.
    IssueChallenge { handle: Handle, purpose: Purpose, issue: Box<Issue> },
    /// Guard: this very challenge is live, asked for by this bearer, not
    /// expired, not used, with guesses left, and the account's count is not
    /// full. Takes a guess and adds the stamp.
    ChargeGuess {
        handle: Handle,
        purpose: Purpose,
        challenge: ChallengeId,
        owner: BearerDigest,
        stamp: Stamp,
        now: Time,
    },
    /// Guard: this very challenge is live and not used. Marks it used and
    /// takes the request's own stamp back.
    UseChallenge { handle: Handle, purpose: Purpose, challenge: ChallengeId, stamp: Stamp },
    /// Guard: this very challenge is live, not expired, and not used.
    CheckChallenge { handle: Handle, purpose: Purpose, challenge: ChallengeId, now: Time },
    /// No guard: ends live challenges of the kinds, and the count if asked.
    DropChallenges { handle: Handle, purpose: Purpose, kinds: Vec<Kind>, fails: bool, now: Time },
    /// Guard: no reset has this id.
    CreateReset(Box<Reset>),
    /// Guard: real, open, not expired, this bearer's, kind not proved yet.
    ProveKind { handle: Handle, reset: ResetId, owner: BearerDigest, kind: Kind, now: Time },
    /// Guard: open, not expired, this bearer's.
    FinishReset { handle: Handle, reset: ResetId, owner: BearerDigest, now: Time },
    /// Guard: there is none of this digest.
    CreateSession(Box<Session>),
    /// Guard: it exists, so that it is replaced once only.
    DeleteSession { handle: Handle, digest: BearerDigest },
    /// Guard: it exists, has not ended and is not idle.
    CheckSession { handle: Handle, digest: BearerDigest, now: Time },
    /// Guard: as for checking. The account's generation moves in the same
    /// write, and this one session goes on with it.
    KeepSession { handle: Handle, digest: BearerDigest, generation: u64, now: Time },
    /// Guard: it exists. Writes down its use.
    TouchSession { handle: Handle, digest: BearerDigest, now: Time },
    /// Guard: the count of this clock hour is below the limit.
    CountSource { source: String, counter: SourceCounter, limit: u32, now: Time },
    /// Guard: the policy's version is the one read.
    SavePolicy { seen: u64, saved: Box<SavedPolicy> },
    /// Guard: this version was never kept. The history's copy of a policy.
    KeepPolicy(Box<SavedPolicy>),
    /// Guard: no terms were kept under this version.
    KeepTerms(u64, Terms),
    /// Guard: the policy's version is the one read.
    CheckPolicy { seen: u64 },
    /// Guard: there is no administrator yet, if `first`.
    AddAdministrator { handle: Handle, first: bool },
    /// Guard: another administrator remains.
    RemoveAdministrator { handle: Handle },
    /// Guard: there is none of this id.
    QueueMessage(Box<OutboxRow>),
    /// Guard: queued or claimed, or failed where it is tried `again`; with the
    /// tries it was read with.
    ClaimMessage { handle: Handle, id: OutboxId, tries: u32, claimed: Claimed },
    /// Guard: claimed, and not tried again since. Gives the try back, and
    /// leaves it free for the next.
    ReleaseMessage { handle: Handle, id: OutboxId, tries: u32 },
    /// Guard: not closed already. Says how it went.
    CloseMessage { handle: Handle, id: OutboxId, state: OutboxState, reason: Reason },
    /// Guard: it is known. An event that comes again finds it no more.
    ForgetSent(MessageId),
    /// No guard: nothing of it is to be left.
    EraseMessage { handle: Handle, id: OutboxId },
    /// Guard: the sends are as they were read.
    ChargeDestination { name: String, seen: Option<Vec<Time>>, sent: Vec<Time>, until: Time },
    /// Guard: the day's SMS, in all and to the country, are below the most
    /// that is given. No guard where none is: notices are always sent.
    ChargeBudget { country: String, most: Option<Budget>, now: Time },
    /// No guard: SMS is unavailable to everybody until then, unless the
    /// policy allows more than this many a day.
    CloseSms { until: Time, budget: u32 },
    /// Guard: open, not expired, this bearer's.
    CancelReset { handle: Handle, reset: ResetId, owner: BearerDigest, now: Time },
    /// Guard: no outcome of this name is recorded.
    RecordOutcome { handle: Handle, name: String, record: Box<IdempotencyRecord> },
    /// Guard: an outcome of this name is recorded.
    UpdateOutcome { handle: Handle, name: String, outcome: Outcome },
    /// Guard: there is none of this id.
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
    Sent,
    Destination,
    Budget,
    Idempotency,
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
