//! The channels, watched: what is handed over is noted for the log and the
//! metrics, and never where it goes or what it says.

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
    /// Of a code; `notice` where it is one.
    pub purpose: &'static str,
    pub language: Language,
    /// What it costs. Nothing for a mail, and where it was surely not taken.
    pub paid: Option<Paid>,
}

/// A text message, as it is paid.
pub(crate) struct Paid {
    /// ISO 3166; `ZZ`, its own code for no country, where a number has none.
    pub country: String,
    pub parts: u32,
}

/// The channels, for one message.
pub(crate) struct Watched<'a> {
    channels: &'a Channels,
    handed: OnceLock<Handed>,
}

impl<'a> Watched<'a> {
    pub fn new(channels: &'a Channels) -> Watched<'a> {
        Watched { channels, handed: OnceLock::new() }
    }

    /// What was handed over, if anything was.
    pub fn handed(self) -> Option<Handed> {
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
            Ok(_) => true,
            // Without an answer it may have been: rather too much is counted.
            Err(SendError::Unknown) => true,
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
        // A flow sends one message.
        let _ = self.handed.set(handed);
        sent
    }
}
