//! What there is to see: messages that arrived, and sends that came to nothing.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::reading;

/// The road a message took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    Email,
    Sms,
}

/// What a stand-in does with a send instead of delivering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// Too many requests (429). Who sends may try again.
    Throttled,
    /// Accepted, and never delivered: what SNS does with a number whose owner
    /// has opted out. Only its delivery log tells.
    OptedOut,
    /// Accepted, and never delivered: what SES does with an address on the
    /// account's suppression list.
    Suppressed,
    /// Accepted, and returned afterwards by the mail server of the receiver.
    /// Only an event of SES tells.
    Bounced,
    /// Refused for good (400).
    Rejected,
}

/// A message as its receiver would see it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Grows by one with each message, also after the inbox was cleared.
    pub id: u64,
    /// What the service answered the send with; one for all its receivers.
    #[serde(rename = "messageId")]
    pub message_id: String,
    pub channel: Channel,
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    /// Guessed from the text: `en` or `zh-TW`.
    pub language: &'static str,
    /// The parts of a text message; 1 for a mail.
    pub parts: usize,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// The one-time code in it, where there is one.
    pub code: Option<String>,
    /// How it was asked to be sent: the message attributes of SNS.
    pub attributes: BTreeMap<String, String>,
}

impl fmt::Debug for Message {
    /// Without what was said: test output is kept, and codes are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {:?} to {})", self.id, self.channel, self.to)
    }
}

/// A send that came to nothing, so that a page shows this and not silence. It
/// holds nothing of what was to be said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// Grows by one with each, apart from the ids of messages.
    pub id: u64,
    pub channel: Channel,
    pub to: String,
    #[serde(rename = "as")]
    pub failure: Failure,
    /// More than 1 only where a throttled send was tried again: one line tells
    /// of all its tries.
    pub times: u32,
    /// The last time.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
}

impl Undelivered {
    /// Whether a failure that happens now is this one once more.
    pub(super) fn goes_on(&self, channel: Channel, failure: Failure, to: &str) -> bool {
        failure == Failure::Throttled
            && (self.channel, self.failure, self.to.as_str()) == (channel, failure, to)
    }
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// What a stand-in was asked to send.
#[derive(Default)]
pub(crate) struct Draft {
    pub message_id: String,
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attributes: BTreeMap<String, String>,
}

impl Draft {
    pub(super) fn arrive(self, id: u64, channel: Channel) -> Message {
        let seen = format!("{}\n{}", self.subject.as_deref().unwrap_or(""), self.text);
        Message {
            id,
            channel,
            language: reading::language(&seen),
            parts: match channel {
                Channel::Email => 1,
                Channel::Sms => reading::parts(&self.text),
            },
            at: Timestamp::now(),
            code: reading::code(&seen),
            message_id: self.message_id,
            to: self.to,
            from: self.from,
            subject: self.subject,
            text: self.text,
            html: self.html,
            attributes: self.attributes,
        }
    }
}
