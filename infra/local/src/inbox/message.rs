//! The contents of the inbox: messages that arrived, and sends that failed.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::reading;

/// The channel a message was sent through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    Email,
    Sms,
}

/// How a stand-in fails a send instead of delivering the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// Too many requests (HTTP 429). The sender may try again.
    Throttled,
    /// Accepted, and never delivered: SNS does this with a number whose owner has
    /// opted out. Only the SNS delivery log records it.
    OptedOut,
    /// Accepted, and never delivered: SES does this with an address on the
    /// account's suppression list.
    Suppressed,
    /// Accepted, and returned afterwards by the receiver's mail server. Only an SES
    /// event reports it.
    Bounced,
    /// Refused permanently (HTTP 400).
    Rejected,
}

/// A message as its receiver would see it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Increases by one with each message, also after the inbox was cleared.
    pub id: u64,
    /// The message ID in the service's response; the same for all receivers of one send.
    #[serde(rename = "messageId")]
    pub message_id: String,
    pub channel: Channel,
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    /// The language, guessed from the text: `en` or `zh-TW`.
    pub language: &'static str,
    /// The number of parts of a text message; 1 for a mail.
    pub parts: usize,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// The one-time code in the text, if there is one.
    pub code: Option<String>,
    /// The SNS message attributes: options of the send.
    pub attributes: BTreeMap<String, String>,
}

impl fmt::Debug for Message {
    /// Leaves out the text: test output is kept, and codes are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {:?} to {})", self.id, self.channel, self.to)
    }
}

/// A failed send, shown on the inbox page. It holds no part of the message's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Undelivered {
    /// Increases by one with each failed send. These IDs are separate from message IDs.
    pub id: u64,
    pub channel: Channel,
    pub to: String,
    #[serde(rename = "as")]
    pub failure: Failure,
    /// The number of tries. Only retries of a throttled send share one entry; otherwise 1.
    pub times: u32,
    /// The time of the last try.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
}

impl Undelivered {
    /// Whether a new failure is a retry of this send.
    pub(super) fn goes_on(&self, channel: Channel, failure: Failure, to: &str) -> bool {
        failure == Failure::Throttled
            && (self.channel, self.failure, self.to.as_str()) == (channel, failure, to)
    }
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// A message that a stand-in was asked to send.
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
