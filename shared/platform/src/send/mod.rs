//! The channels, and what they carry.

mod mail;
mod ses;

use domain::method::Destination;
use domain::port::{Outgoing, SendError, Sender};

/// The channels of a deployed Latchkey: mail by SES v2.
pub struct Channels {
    mail: ses::Mailer,
}

impl Channels {
    /// `from` is the verified sender of mails.
    pub fn new(aws: &aws_config::SdkConfig, from: String) -> Channels {
        Channels { mail: ses::Mailer::new(aws_sdk_sesv2::Client::new(aws), from) }
    }
}

impl Sender for Channels {
    async fn send(&self, message: Outgoing<'_>) -> Result<(), SendError> {
        match message.to {
            Destination::Email(address) => self.mail.send(address, mail::render(&message)).await,
            // No phone can be registered before its channel is built.
            Destination::MobilePhone(_) => Err(SendError::Permanent),
        }
    }
}
