//! The outbox: what is to be sent, written in the same transaction as its
//! cause, and sent by `send-code` alone.

use crate::audit::{Reason, SupportCode};
use crate::challenge::{ChallengeId, Purpose};
use crate::destination::Destination;
use crate::identity::Handle;
use crate::kind::Kind;
use crate::language::Language;
use crate::notice::Notice;
use crate::reset::ResetId;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// How often a message is handed to its channel at most by the stream: a crash
/// between claim and send may cost one repetition, never a flood. A code that
/// was tried as often has failed; a notice waits for a re-drive.
pub const MAX_TRIES: u32 = 2;
/// How long a row is left alone by a re-drive after it was claimed. Whoever claimed it may be sending it now
/// (an invocation ends after 20 s), or its answer was lost and it went out. A notice has no other bound there: after an
/// outage of any length it can be sent, and however often an operator asks, a
/// person gets at most four an hour of one whose fate is unknown.
pub const AT_REST: Span = Span::minutes(15);
/// How long the stream leaves a code alone after a re-drive claimed it: an
/// invocation's 20 s, and some. Longer, and the code would be over; the number
/// of tries bounds how often it is sent. A notice has time: [`AT_REST`].
pub const IN_HAND: Span = Span::seconds(30);
/// How long a row is kept after it was written.
pub const OUTBOX_KEPT: Span = Span::days(7);

/// The name of a row: when, what for, and a random part. The stream carries
/// keys only, so it holds what the first read must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxId {
    pub at: Time,
    pub what: OutboxKind,
    pub random: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutboxKind {
    Code(Purpose, Option<ResetId>),
    Notice,
    /// One row that becomes a notice to each other administrator.
    ToAdministrators,
}

impl OutboxId {
    pub fn parse(text: &str) -> Option<OutboxId> {
        let mut parts = text.split('.');
        let at = Time(parts.next()?.parse().ok()?);
        let (what, reset, random) = (parts.next()?, parts.next()?, parts.next()?);
        let what = match what {
            "reset" => OutboxKind::Code(Purpose::Reset, Some(ResetId(reset.to_owned()))),
            "registration" => OutboxKind::Code(Purpose::Registration, None),
            "notice" => OutboxKind::Notice,
            "administrators" => OutboxKind::ToAdministrators,
            _ => return None,
        };
        parts.next().is_none().then(|| OutboxId { at, what, random: random.to_owned() })
    }
}

impl std::fmt::Display for OutboxId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (what, reset) = match &self.what {
            OutboxKind::Code(purpose, reset) => {
                (purpose.as_str(), reset.as_ref().map_or("-", |r| r.0.as_str()))
            }
            OutboxKind::Notice => ("notice", "-"),
            OutboxKind::ToAdministrators => ("administrators", "-"),
        };
        write!(f, "{:013}.{what}.{reset}.{}", self.at.0, self.random)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutboxState {
    Queued,
    Claimed,
    Sent,
    Dropped,
    Failed,
}

/// What is to be sent. A code is not in it: it is made when it is sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Message {
    #[serde(rename_all = "camelCase")]
    Code {
        challenge: ChallengeId,
        purpose: Purpose,
        /// Pseudonym of the destination that was typed, where that is asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        typed: Option<String>,
    },
    #[serde(rename_all = "camelCase")]
    Notice {
        notice: Notice,
        recipient: Destination,
        language: Language,
        /// Whom it speaks of, where that is not its recipient.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<String>,
    },
    /// To all administrators but the one it speaks of.
    #[serde(rename_all = "camelCase")]
    ToAdministrators { about: String },
}

#[derive(Clone, Debug)]
pub struct OutboxRow {
    pub handle: Handle,
    pub id: OutboxId,
    pub message: Message,
    /// Of the reset or the request that caused it.
    pub support_code: SupportCode,
    pub state: OutboxState,
    pub tries: u32,
    /// Who took it last to be sent, unless the channel refused it then.
    pub claimed: Option<Claimed>,
}

/// Who asks for a row to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Round {
    /// The stream, which tries a few times and then gives up.
    Stream,
    /// A re-drive, long after.
    Again,
}

/// A row was taken to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimed {
    pub at: Time,
    pub by: Round,
}

/// What became of a row that was handled.
#[derive(Clone, Debug)]
pub enum Handled {
    Ended(Ended),
    /// Not yet: somebody else has it, it is not visible as a whole, or it was
    /// tried lately.
    Left(SupportCode),
    /// There was nothing to do.
    Nothing,
}

impl Handled {
    /// How it ended, if it did now.
    pub fn ended(&self) -> Option<&Ended> {
        match self {
            Handled::Ended(ended) => Some(ended),
            Handled::Left(_) | Handled::Nothing => None,
        }
    }
}

/// How a row ended.
#[derive(Clone, Debug)]
pub struct Ended {
    pub state: OutboxState,
    pub reason: Reason,
    /// Of what was, or would have been, sent.
    pub kind: Option<Kind>,
    pub support_code: SupportCode,
}
