//! The outbox: messages that wait to be sent.
//!
//! A request writes an outbox row in the same transaction as its other changes. The table's
//! stream then invokes `send-code`, which sends the message.

use crate::audit::{Reason, SupportCode};
use crate::challenge::{ChallengeId, LedgerId};
use crate::destination::Destination;
use crate::identity::Handle;
use crate::kind::Kind;
use crate::language::Language;
use crate::notice::Notice;
use crate::reset::ResetId;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// The most tries to send a message that the stream causes. If `send-code` crashes between
/// claim and send, the message may be sent twice, but not more often. A code that was tried
/// this often has failed; a notice waits for a re-drive.
pub const MAX_TRIES: u32 = 2;
/// The time after a claim in which a re-drive does not touch the row. The claiming invocation
/// may still be sending (it ends after 20 s), or it sent the message and lost the answer. A
/// re-drive may try a notice any number of times, so that it can be sent after an outage of any
/// length. With this wait a person gets at most four copies an hour, however often an operator
/// starts a re-drive.
pub const AT_REST: Span = Span::minutes(15);
/// The time after a re-drive claimed a code in which the stream does not touch it: a little longer
/// than an invocation, which ends after 20 s. After a longer wait the code would have expired.
/// [`MAX_TRIES`] limits how often a code is sent. For a notice the stream waits [`AT_REST`].
pub const IN_HAND: Span = Span::seconds(30);
/// How long an outbox row is kept after it was written.
pub const OUTBOX_KEPT: Span = Span::days(7);

/// The ID of an outbox row. The table's stream carries only keys, so the ID contains the facts
/// from which `send-code` knows which items the message depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxId {
    /// When the row was written.
    pub at: Time,
    /// The kind of message that the row is for.
    pub what: OutboxKind,
    /// Makes rows of the same millisecond distinct.
    pub random: String,
}

/// The kind of message that an outbox row is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    /// A one-time code: the ledger of its challenge and, if its purpose is a reset, the reset.
    Code(LedgerId, Option<ResetId>),
    /// A notice to one destination.
    Notice,
    /// A notice to every other administrator.
    ToAdministrators,
    /// A notice to the owner of the account, if there is one.
    ToOwner,
}

impl OutboxId {
    /// Parses the text that `Display` wrote; `None` for any other text.
    pub fn parse(text: &str) -> Option<OutboxId> {
        let mut parts = text.split('.');
        let at = Time(parts.next()?.parse().ok()?);
        let (what, reset, random) = (parts.next()?, parts.next()?, parts.next()?);
        let what = match what {
            "notice" => OutboxKind::Notice,
            "administrators" => OutboxKind::ToAdministrators,
            "owner" => OutboxKind::ToOwner,
            ledger => {
                let reset = (reset != "-").then(|| ResetId(reset.to_owned()));
                OutboxKind::Code(LedgerId::parse(ledger)?, reset)
            }
        };
        parts.next().is_none().then(|| OutboxId { at, what, random: random.to_owned() })
    }
}

impl std::fmt::Display for OutboxId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, reset) = match &self.what {
            OutboxKind::Code(ledger, reset) => {
                (ledger.to_string(), reset.as_ref().map_or("-", |r| r.0.as_str()))
            }
            OutboxKind::Notice => ("notice".to_owned(), "-"),
            OutboxKind::ToAdministrators => ("administrators".to_owned(), "-"),
            OutboxKind::ToOwner => ("owner".to_owned(), "-"),
        };
        write!(f, "{:013}.{what}.{reset}.{}", self.at.0, self.random)
    }
}

/// The progress of an outbox row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutboxState {
    /// Written, and not tried yet.
    Queued,
    /// Taken by an invocation of `send-code`, which tries to send it.
    Claimed,
    /// The channel accepted the message.
    Sent,
    /// The message was not sent, on purpose: for example, its code had expired.
    Dropped,
    /// The message could not be sent. A re-drive may still send a notice.
    Failed,
}

/// The message of an outbox row. A code is not stored: it is derived when it is
/// sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Message {
    /// A one-time code.
    #[serde(rename_all = "camelCase")]
    Code {
        /// The challenge that the code is derived from.
        challenge: ChallengeId,
    },
    /// A notice to one destination.
    #[serde(rename_all = "camelCase")]
    Notice {
        /// The change that the notice is about.
        notice: Notice,
        /// The destination. It is copied, since the change may have removed it from the account.
        recipient: Destination,
        /// The language of the text.
        language: Language,
        /// The name of the person it concerns, if that is not the recipient.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// A notice to all other administrators about the password of one of them.
    #[serde(rename_all = "camelCase")]
    ToAdministrators {
        /// The change that the notice is about.
        notice: Notice,
        /// The name of the administrator whose password was changed.
        about: String,
    },
    /// A notice to the owner of the account. It holds no destination, so that it is queued for
    /// an unknown user ID too.
    #[serde(rename_all = "camelCase")]
    ToOwner {
        /// What the notice is about.
        notice: Notice,
    },
}

/// One message that waits to be sent, or was sent.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// The handle of the account that the message belongs to.
    pub handle: Handle,
    /// The ID of the row.
    pub id: OutboxId,
    /// The message.
    pub message: Message,
    /// The support code of the reset or request that caused the message.
    pub support_code: SupportCode,
    /// The progress of the row.
    pub state: OutboxState,
    /// The number of claims of the row, except claims that were given back.
    pub tries: u32,
    /// The last claim. `None` if the channel refused the message at that try and may accept it
    /// later.
    pub claimed: Option<Claimed>,
}

/// The trigger that makes `send-code` handle a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Round {
    /// The table's stream, which tries a few times and then gives up.
    Stream,
    /// A re-drive, which an operator starts later.
    Again,
}

/// A claim: one invocation took a row to send it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    /// When the row was claimed.
    pub at: Time,
    /// The trigger that made the invocation handle the row.
    pub by: Round,
}

/// The result of handling a row.
#[derive(Clone, Debug)]
pub enum Handled {
    /// The row has reached its final state.
    Ended(Ended),
    /// The row must be handled again later: another invocation has claimed it, its transaction
    /// is only partly visible, or it was tried a moment ago.
    Left(SupportCode),
    /// The row does not exist, or had ended before.
    Nothing,
}

impl Handled {
    /// Returns how the row ended, if this handling ended it.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            Handled::Ended(ended) => Some(ended),
            Handled::Left(_) | Handled::Nothing => None,
        }
    }
}

/// How an outbox row ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The final state: sent, dropped or failed.
    pub state: OutboxState,
    /// Why the message was dropped or failed; [`Reason::None`] if it was sent.
    pub reason: Reason,
    /// The kind of method that the message went to, or would have. `None` for a
    /// notice to administrators.
    pub kind: Option<Kind>,
    /// The support code of the row.
    pub support_code: SupportCode,
}
