//! Wraps the channels to record facts about a message for the log and the metrics, but
//! never its destination or text.

use super::{Channels, mail, sms};
use domain::delivery::MessageId;
use domain::destination::Destination;
use domain::kind::Kind;
use domain::language::Language;
use domain::port::{Content, Outgoing, SendError, Sender};
use std::sync::OnceLock;

/// A message that was handed to its channel.
pub(crate) struct Handed {
    pub kind: Kind,
    /// The purpose of a code; `notice` for a notice.
    pub purpose: &'static str,
    pub language: Language,
    /// The billed parts; `None` for a mail, and if the channel refused the message.
    pub paid: Option<Paid>,
}

/// The facts that the price of a text message depends on.
pub(crate) struct Paid {
    /// The ISO 3166 code of the country; `ZZ`, which ISO reserves for private use, if the
    /// number has none.
    pub country: String,
    pub parts: u32,
}

/// The channels, with a record of the one message that they send.
pub(crate) struct Watched<'a> {
    channels: &'a Channels,
    handed: OnceLock<Handed>,
}

impl<'a> Watched<'a> {
    pub(crate) fn new(channels: &'a Channels) -> Watched<'a> {
        Watched { channels, handed: OnceLock::new() }
    }

    /// Returns the message that was handed to its channel, if there was one.
    pub(crate) fn handed(self) -> Option<Handed> {
        self.handed.into_inner()
    }
}

impl Sender for Watched<'_> {
    async fn send(&self, message: Outgoing<'_>) -> Result<Option<MessageId>, SendError> {
        let (sent, parts) = match message.to {
            Destination::Email(address) => {
                (self.channels.mail.send(address, mail::render(&message)).await, None)
            }
            Destination::MobilePhone(number) => {
                let text = sms::render(&message, &self.channels.host);
                (self.channels.sms.send(number, &text).await, Some(sms::parts(&text)))
            }
        };
        let taken = match &sent {
            // Without a response the message may have been accepted, so it is counted.
            Ok(_) | Err(SendError::Unknown) => true,
            Err(SendError::Permanent | SendError::Refused) => false,
        };
        let country = || message.to.country().unwrap_or_else(|| "ZZ".to_owned());
        let handed = Handed {
            kind: message.to.kind(),
            purpose: match message.content {
                Content::Code { purpose, .. } => purpose.as_str(),
                Content::Notice { .. } => "notice",
            },
            language: message.language,
            paid: parts.filter(|_| taken).map(|parts| Paid { country: country(), parts }),
        };
        // A flow sends one message, so the cell is empty.
        let _ = self.handed.set(handed);
        sent
    }
}
