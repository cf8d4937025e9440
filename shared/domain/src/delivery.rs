//! Messages after a channel accepted them: their IDs, and destinations that messages cannot be
//! delivered to.

use crate::audit::{Reason, SupportCode};
use crate::identity::Handle;
use crate::kind::Kind;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// How long a [`SentMessage`] is kept. SES reports a permanent bounce within hours, and gives
/// up on a temporary one after 14 hours at most. A spam complaint after more than a week marks
/// no method.
pub const SENT_KEPT: Span = Span::days(7);

/// The ID that a channel gave to a message it accepted. Its delivery events carry
/// the ID.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// The longest ID, in bytes. IDs of SES have 60, those of SNS have 36.
    pub const MAX_BYTES: usize = 128;

    /// Reads an ID of 1 to 128 plain characters. Returns `None` for other text, since the ID
    /// becomes part of a table key.
    pub fn parse(text: &str) -> Option<MessageId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@=+".contains(&b);
        ((1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(plain))
            .then(|| MessageId(text.to_owned()))
    }
    /// The ID as the channel wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The account and destination of a message that a channel accepted, stored under the message
/// ID. It holds the pseudonym of the destination, which is enough to compare it with the
/// account's destinations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    /// The handle of the account (keyed pseudonym of its user ID).
    pub handle: Handle,
    /// The kind of method that the message went to.
    pub kind: Kind,
    /// The pseudonym of the destination.
    pub destination: String,
    /// The support code of the reset or request that caused the message. If the message cannot
    /// be delivered, the help desk finds that event by this code. It is stored as `story`, so
    /// that the index of support codes does not list this item.
    #[serde(rename = "story")]
    pub support_code: SupportCode,
    /// When the channel accepted the message.
    pub at: Time,
}

/// The time since when messages to a method's destination cannot be delivered, and why. The
/// method stays usable: a reset offers it and sends to it as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undeliverable {
    /// When the first message could not be delivered.
    pub since: Time,
    /// Why messages cannot be delivered.
    pub reason: Returned,
}

/// The permanent reason why messages to a destination cannot be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase")]
pub enum Returned {
    /// The receiving mail server refused the mail permanently, or the address is on the SES
    /// suppression list because its server did so before.
    Bounced,
    /// The recipient marked a mail as spam. SES sends no more mail to this address.
    Complained,
    /// The owner of the phone opted out of messages.
    OptedOut,
    /// The carrier or the phone blocks messages.
    Blocked,
    /// The phone number does not exist.
    InvalidNumber,
}

impl Returned {
    /// All reasons.
    pub const ALL: &[Returned] = <Returned as strum::VariantArray>::VARIANTS;

    /// The kind of method whose destinations can have this reason.
    pub const fn kind(self) -> Kind {
        match self {
            Returned::Bounced | Returned::Complained => Kind::Email,
            Returned::OptedOut | Returned::Blocked | Returned::InvalidNumber => Kind::MobilePhone,
        }
    }

    /// The reason to record in the audit entry.
    pub const fn reason(self) -> Reason {
        match self {
            Returned::Bounced => Reason::Bounced,
            Returned::Complained => Reason::Complained,
            Returned::OptedOut => Reason::OptedOut,
            Returned::Blocked => Reason::NumberBlocked,
            Returned::InvalidNumber => Reason::NumberInvalid,
        }
    }
}
