//! The channels (mail and SMS), and the texts of their messages.

pub mod mail;
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

/// The channels of a deployment: mail through SES v2, SMS through SNS.
pub struct Channels {
    mail: ses::Mailer,
    sms: sns::Texter,
    /// The host name in the last line of an SMS with a code.
    host: String,
}

impl Channels {
    /// Creates the channels from an AWS configuration. Calls no AWS service.
    pub fn new(aws: &SdkConfig, settings: &Settings) -> Channels {
        let aws = once(aws);
        Channels {
            mail: ses::Mailer::new(aws_sdk_sesv2::Client::new(&aws), settings),
            sms: sns::Texter::new(&aws),
            host: settings.base_url.host().to_owned(),
        }
    }
}

/// Returns the configuration with one try per call, which may take the time of a whole
/// call. Each retry by the SDK could send one more message that no limit counts; the outbox
/// retries instead.
fn once(aws: &SdkConfig) -> SdkConfig {
    let mut config = aws.to_builder().retry_config(RetryConfig::disabled());
    if let Some(bounds) = aws.timeout_config() {
        let mut one_try = bounds.to_builder();
        one_try.set_operation_attempt_timeout(bounds.operation_timeout());
        config.set_timeout_config(Some(one_try.build()));
    }
    config.build()
}

/// Returns the key of a message's texts, without the prefix for the channel.
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
            Notice::AdministratorRecovered => "notice.administratorRecovered",
            Notice::Attempts => "notice.attempts",
        },
    }
}
