//! The channels, and what they carry.

mod mail;
mod ses;
pub mod sms;
mod sns;

use crate::settings::Settings;
use aws_config::SdkConfig;
use domain::method::Destination;
use domain::port::{Outgoing, SendError, Sender};

/// The channels of a deployed Latchkey: mail by SES v2, text messages by SNS.
pub struct Channels {
    mail: ses::Mailer,
    sms: sns::Texter,
    host: String,
}

impl Channels {
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Channels {
        Channels {
            mail: ses::Mailer::new(aws_sdk_sesv2::Client::new(aws), settings.mail_from.clone()),
            sms: sns::Texter::new(aws_sdk_sns::Client::new(aws)),
            host: settings.host().to_owned(),
        }
    }
}

impl Sender for Channels {
    async fn send(&self, message: Outgoing<'_>) -> Result<(), SendError> {
        match message.to {
            Destination::Email(address) => self.mail.send(address, mail::render(&message)).await,
            Destination::MobilePhone(number) => self.sms.send(number, &sms::render(&message, &self.host)).await,
        }
    }
}
