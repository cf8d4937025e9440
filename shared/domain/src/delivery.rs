//! What became of a message after its channel had taken it: the name the
//! channel gave it, and an address that messages come back from.

use crate::audit::{Reason, SupportCode};
use crate::identity::Handle;
use crate::kind::Kind;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// How long it is known whose a message was. SES reports a permanent bounce
/// within hours and gives up a passing one after 14 hours at most; a complaint
/// that comes after a week marks nothing.
pub const SENT_KEPT: Span = Span::days(7);

/// The name that a channel gave a message it took. Its events carry it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(String);

impl MessageId {
    /// The longest of them, in bytes: SES's have 60, SNS's 36.
    pub const MAX_BYTES: usize = 128;

    /// `None` for what no channel gives: it becomes part of a key.
    pub fn parse(text: &str) -> Option<MessageId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.@=+".contains(&b);
        ((1..=Self::MAX_BYTES).contains(&text.len()) && text.bytes().all(plain))
            .then(|| MessageId(text.to_owned()))
    }
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whose a message was, kept under its name. It holds no address: one that is
/// compared with the account's has the same pseudonym.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SentMessage {
    pub handle: Handle,
    pub kind: Kind,
    /// The pseudonym of its destination.
    pub destination: String,
    /// Of the reset or the request that caused it: under it the help desk
    /// finds that it came back. The table's index of support codes does not
    /// hold it: it is written under another name.
    #[serde(rename = "story")]
    pub support_code: SupportCode,
    pub at: Time,
}

/// Since when messages to a method's address come back, and why. It takes
/// nothing away from the method: a reset offers and sends as before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undeliverable {
    pub since: Time,
    pub reason: Returned,
}

/// Why an address gets no messages, now and later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[derive(strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "camelCase", const_into_str)]
pub enum Returned {
    /// The mail's receiver refused it for good, or it is on the account's
    /// suppression list because it did before.
    Bounced,
    /// Its reader called a mail unwanted: SES sends nothing more there.
    Complained,
    /// The phone's owner asked for no more messages.
    OptedOut,
    /// The carrier or the phone takes none.
    Blocked,
    /// Nobody has the number.
    InvalidNumber,
}

impl Returned {
    /// Every one of them.
    pub const ALL: &[Returned] = <Returned as strum::VariantArray>::VARIANTS;

    /// The kind of method that it can be said of.
    pub const fn kind(self) -> Kind {
        match self {
            Returned::Bounced | Returned::Complained => Kind::Email,
            Returned::OptedOut | Returned::Blocked | Returned::InvalidNumber => Kind::MobilePhone,
        }
    }

    /// How the audit trail says it.
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
