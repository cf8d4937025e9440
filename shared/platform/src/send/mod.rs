//! The channels, and what they carry.

mod mail;
mod ses;
pub mod sms;
mod sns;
mod watched;

pub(crate) use watched::{Handed, Watched};

use crate::settings::Settings;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use domain::challenge::Purpose;
use domain::notice::Notice;
use domain::port::Content;

/// The channels of a deployed Latchkey: mail by SES v2, SMS by SNS.
pub struct Channels {
    mail: ses::Mailer,
    sms: sns::Texter,
    /// The host that a code's SMS is bound to.
    host: String,
}

impl Channels {
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Channels {
        let aws = once(aws);
        Channels {
            mail: ses::Mailer::new(aws_sdk_sesv2::Client::new(&aws), settings),
            sms: sns::Texter::new(&aws),
            host: settings.base_url.host().to_owned(),
        }
    }
}

/// Calls are tried once: each try of the SDK could be one more message, not
/// counted. That one try has the time of a whole call; the outbox does the
/// rest.
fn once(aws: &SdkConfig) -> SdkConfig {
    let mut config = aws.to_builder().retry_config(RetryConfig::disabled());
    if let Some(bounds) = aws.timeout_config() {
        let mut one_try = bounds.to_builder();
        one_try.set_operation_attempt_timeout(bounds.operation_timeout());
        config.set_timeout_config(Some(one_try.build()));
    }
    config.build()
}

/// What the texts of a message are called, after the name of its channel.
fn topic(content: &Content<'_>) -> &'static str {
    match content {
        Content::Code { purpose: Purpose::Reset, .. } => "code.reset",
        Content::Code { purpose: Purpose::Registration, .. } => "code.registration",
        Content::Notice { notice, .. } => match notice {
            Notice::PasswordReset => "notice.passwordReset",
            Notice::PasswordChanged => "notice.passwordChanged",
            Notice::MethodAdded => "notice.methodAdded",
            Notice::MethodChanged => "notice.methodChanged",
            Notice::MethodRemoved => "notice.methodRemoved",
            Notice::PasswordIssued => "notice.passwordIssued",
            Notice::AdministratorReset => "notice.administratorReset",
        },
    }
}
