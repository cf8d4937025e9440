//! What a transaction may change, and the guard each change must hold.

use crate::account::Account;
use crate::audit::{AuditEvent, Reason};
use crate::challenge::{ChallengeId, LedgerId};
use crate::delivery::MessageId;
use crate::device::{Device, DeviceSlot};
use crate::directory::FoundBy;
use crate::error::Problem;
use crate::idempotency::{IdempotencyRecord, Outcome};
use crate::identity::{GroupName, Handle, Uid};
use crate::kind::Kind;
use crate::ledger::{Issue, Ledger, Stamp};
use crate::limit::DayCounter;
use crate::lockout::Lock;
use crate::outbox::{Claimed, OutboxId, OutboxRow, OutboxState};
use crate::password::terms::Terms;
use crate::policy::saved::SavedPolicy;
use crate::reset::{Reset, ResetId};
use crate::secret::BearerDigest;
use crate::session::Session;
use crate::source::{SourceCharge, SourceCounter};
use crate::time::Time;

/// One member of a transaction.
///
/// Each variant says what it writes and then its guard, which is the condition
/// under which the table accepts the transaction.
///
/// Several variants share fields. `handle` names the account, even where no
/// account exists. `uid`, `generation`, `revision` and `seen` are values as they
/// were read. `owner` is the digest of the caller's bearer. `now` is the time of
/// the request.
#[expect(missing_docs, reason = "the fields are explained once, above")]
#[derive(Clone, Debug)]
pub enum Change {
    /// Stores a new account. Guard: no account has this handle.
    CreateAccount { handle: Handle, account: Box<Account> },
    /// Stores an account over the one that was read. Guard: uid, generation and
    /// revision are as read.
    SaveAccount { handle: Handle, uid: Uid, generation: u64, revision: u64, account: Box<Account> },
    /// Deletes an account. Guard: uid and revision are as read.
    DeleteAccount { handle: Handle, uid: Uid, revision: u64 },
    /// Writes nothing. Guard: uid and generation are as read. The generation moves
    /// with the role and with `enabled`, so these are as read too. Used for the
    /// caller, and for a target account that the transaction does not write.
    CheckAccount { handle: Handle, uid: Uid, generation: u64 },
    /// Adds an index row that leads to an account. No guard: the account is
    /// written in the same transaction under its own guard.
    Index { handle: Handle, by: FoundBy },
    /// Removes an index row. No guard, as for [`Change::Index`].
    Unindex { handle: Handle, by: FoundBy },
    /// Adds a group to the list of groups. No guard: adding it again changes
    /// nothing.
    RegisterGroup(GroupName),
    /// Stores the lock of sign-in. Guard: its revision is `seen`, or there is no
    /// lock where `seen` is `None`.
    SaveLock { handle: Handle, seen: Option<String>, lock: Lock, now: Time },
    /// Writes nothing. Guard: the revision of the lock of sign-in is `seen`, or
    /// there is no lock.
    CheckLock { handle: Handle, seen: Option<String> },
    /// Deletes the lock of sign-in. No guard: it is deleted in every state.
    ClearLock { handle: Handle },
    /// Stores a new device in a slot. Guard: the device in the slot has the digest
    /// `seen`, or the slot is empty where `seen` is `None`.
    IssueDevice {
        handle: Handle,
        slot: DeviceSlot,
        seen: Option<BearerDigest>,
        device: Box<Device>,
    },
    /// Stores a device, with its lock, over the one that was read. Guard: the slot
    /// still holds the device `digest`, and the revision of its lock is `seen`.
    SaveDevice {
        handle: Handle,
        slot: DeviceSlot,
        digest: BearerDigest,
        seen: String,
        device: Box<Device>,
    },
    /// Writes nothing. Guard: as for [`Change::SaveDevice`].
    CheckDevice { handle: Handle, slot: DeviceSlot, digest: BearerDigest, seen: String },
    /// Writes the slot of a challenge in its ledger, which ends the challenge that the
    /// slot held. Guard: no challenge was issued in the ledger since the read.
    IssueChallenge { handle: Handle, issue: Box<Issue> },
    /// Removes a challenge. Guard: its slot holds it.
    EndChallenge { handle: Handle, challenge: ChallengeId },
    /// Takes one guess from a challenge and adds `stamp` to the failed guesses.
    /// Guard: the slot holds this challenge of this owner; it is not expired and
    /// not used and has guesses left; the ledger has failed guesses left.
    ChargeGuess {
        handle: Handle,
        challenge: ChallengeId,
        owner: BearerDigest,
        stamp: Stamp,
        now: Time,
    },
    /// Marks a challenge used and removes `stamp` from the failed guesses. Guard:
    /// the slot holds this challenge, and it is neither expired nor used.
    UseChallenge { handle: Handle, challenge: ChallengeId, stamp: Stamp, now: Time },
    /// Writes nothing. Guard: the slot holds this challenge, and it is neither
    /// expired nor used.
    CheckChallenge { handle: Handle, challenge: ChallengeId, now: Time },
    /// Removes all failed guesses of a ledger. No guard.
    ClearFails { handle: Handle, ledger: LedgerId, now: Time },
    /// Stores a new reset. Guard: no reset has this ID.
    CreateReset(Box<Reset>),
    /// Adds a kind to those that a reset has proved, and the ledger of its challenge. Guard:
    /// the reset is real, open, not expired and of this owner, and the kind is not proved yet.
    ProveKind {
        handle: Handle,
        reset: ResetId,
        owner: BearerDigest,
        kind: Kind,
        ledger: LedgerId,
        now: Time,
    },
    /// Marks a reset done. Guard: it is open, not expired and of this owner.
    FinishReset { handle: Handle, reset: ResetId, owner: BearerDigest, now: Time },
    /// Stores a new session. Guard: no session has this digest.
    CreateSession(Box<Session>),
    /// Deletes a session. Guard: it exists, so only one request can replace it.
    DeleteSession { handle: Handle, digest: BearerDigest },
    /// Writes nothing. Guard: the session exists, has not ended and is not idle.
    CheckSession { handle: Handle, digest: BearerDigest, now: Time },
    /// Gives a session the account's new generation, so that it outlives the
    /// write that moves the generation. Guard: as for [`Change::CheckSession`].
    KeepSession { handle: Handle, digest: BearerDigest, generation: u64, now: Time },
    /// Records that a session was used. Guard: it exists.
    TouchSession { handle: Handle, digest: BearerDigest, now: Time },
    /// Counts a request of a source; `name` is its pseudonym. Guard: the newest interval
    /// is as read and, where it still counts, its count is below the room.
    CountSource { name: String, counter: SourceCounter, charge: SourceCharge, now: Time },
    /// Stores the policy that applies. Guard: its version is `seen`.
    SavePolicy { seen: u64, saved: Box<SavedPolicy> },
    /// Stores the copy of a policy for the history. Guard: there is no copy of
    /// this version.
    KeepPolicy(Box<SavedPolicy>),
    /// Stores the terms of a version. Guard: this version has none.
    KeepTerms(u64, Terms),
    /// Writes nothing. Guard: the policy's version is `seen`.
    CheckPolicy { seen: u64 },
    /// Adds an enabled administrator to their set. Guard, where `first` is set:
    /// there is none yet.
    AddAdministrator { handle: Handle, first: bool },
    /// Removes an administrator from the set. Guard: another one remains.
    RemoveAdministrator { handle: Handle },
    /// Stores a new outbox row. Guard: no row has this ID.
    QueueMessage(Box<OutboxRow>),
    /// Takes an outbox row for one try, and counts the try. Guard: it is queued
    /// or claimed, or failed where a re-drive claims it; its tries are as read.
    ClaimMessage { handle: Handle, id: OutboxId, tries: u32, claimed: Claimed },
    /// Takes back the try of a claim and the claim, so that the row can be
    /// claimed again. Guard: it is claimed, and was not claimed again since.
    ReleaseMessage { handle: Handle, id: OutboxId, tries: u32 },
    /// Records how an outbox row ended. Guard: it is queued or claimed.
    CloseMessage { handle: Handle, id: OutboxId, state: OutboxState, reason: Reason },
    /// Deletes the record of a message that a channel accepted. Guard: it exists,
    /// so a repeated delivery event changes nothing.
    ForgetSent(MessageId),
    /// Deletes an outbox row. No guard: it is deleted in every state.
    EraseMessage { handle: Handle, id: OutboxId },
    /// Replaces the sends to a destination by `sent`; `name` is its pseudonym. Sends to
    /// known devices are counted separately. They are kept until `until`. Guard: the sends are as read.
    ChargeDestination {
        name: String,
        ledger: LedgerId,
        seen: Option<Vec<Time>>,
        sent: Vec<Time>,
        until: Time,
    },
    /// Adds one message to these counters of the day. Guard: each count that has
    /// a limit is below it. Notices have no limit; they are always sent.
    ChargeBudget { counts: Vec<(DayCounter, Option<u32>)>, now: Time },
    /// Makes SMS unavailable to all accounts until `until`, unless the policy
    /// allows more than `budget` a day. No guard.
    CloseSms { until: Time, budget: u32 },
    /// Marks a reset cancelled. Guard: as for [`Change::FinishReset`].
    CancelReset { handle: Handle, reset: ResetId, owner: BearerDigest, now: Time },
    /// Stores an idempotency record. Guard: there is none of this name, or it has
    /// expired.
    RecordOutcome { handle: Handle, name: String, record: Box<IdempotencyRecord> },
    /// Replaces the outcome in an idempotency record. Guard: the record exists.
    UpdateOutcome { handle: Handle, name: String, outcome: Outcome },
    /// Appends an audit entry. Guard: there is none of this ID.
    RecordEvent(Box<AuditEvent>),
}

/// The item whose guard failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// An account that the transaction writes.
    Account,
    /// An account that [`Change::CheckAccount`] checks and the transaction does
    /// not write: usually that of the caller.
    Actor,
    /// An index row or a group. Neither has a condition, so this guard cannot fail.
    Directory,
    /// The lock of sign-in.
    Lock,
    /// A known device, with its lock of sign-in.
    Device,
    /// A ledger of guesses and sends.
    Ledger,
    /// A reset.
    Reset,
    /// A session.
    Session,
    /// The counts of a source.
    Source,
    /// The policy, a version of it, or the terms of a version.
    Policy,
    /// The set of enabled administrators.
    Administrators,
    /// An outbox row.
    Outbox,
    /// The record of a message that a channel accepted.
    Sent,
    /// The sends to a destination.
    Destination,
    /// The counts of messages in a day.
    Budget,
    /// An idempotency record.
    Idempotency,
    /// An audit entry.
    Audit,
}

/// Why nothing was written.
#[derive(Debug)]
pub enum CommitError {
    /// At least one guard failed.
    Refused {
        /// The items whose guards failed.
        guards: Vec<Guard>,
        /// The ledger as it is now, if its guard failed.
        ledger: Option<Box<Ledger>>,
    },
    /// The table did not answer, or other transactions kept conflicting. It is
    /// not known whether the changes were written.
    Unavailable,
}

impl CommitError {
    /// Whether the guard of this item failed.
    pub fn by(&self, guard: Guard) -> bool {
        matches!(self, CommitError::Refused { guards, .. } if guards.contains(&guard))
    }
}

impl From<CommitError> for Problem {
    /// `unavailable`: for a refusal that the flow does not name otherwise, the
    /// caller should send the request again.
    fn from(_: CommitError) -> Problem {
        Problem::unavailable()
    }
}
