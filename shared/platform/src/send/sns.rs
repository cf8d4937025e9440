//! SMS by SNS `Publish` to a phone number. SNS has no idempotency token; the
//! outbox bounds how often a message is handed over.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use domain::delivery::MessageId;
use domain::port::SendError;

/// The attribute for the type of SMS, and its value for codes: it reaches numbers
/// that refuse advertising, and is delivered more reliably.
const SMS_TYPE: (&str, &str) = ("AWS.SNS.SMS.SMSType", "Transactional");

/// Sends text messages.
pub(crate) struct Texter {
    client: Client,
}

impl Texter {
    /// A sender over an AWS configuration.
    pub(crate) fn new(aws: &SdkConfig) -> Texter {
        Texter { client: Client::new(aws) }
    }

    /// Hands one message to SNS, for a number in E.164. SNS also takes messages that
    /// it will not deliver, such as to a number whose owner opted out, or above the
    /// AWS account's spending limit. It reports those only in its delivery log,
    /// under the message ID that is returned here.
    ///
    /// # Errors
    /// Why SNS did not take it, or that it did not answer.
    pub(crate) async fn send(&self, to: &str, text: &str) -> Result<Option<MessageId>, SendError> {
        let (name, value) = SMS_TYPE;
        let sms_type = MessageAttributeValue::builder()
            .data_type("String")
            .string_value(value)
            .build()
            .expect("its type is set");
        let sent = self
            .client
            .publish()
            .phone_number(to)
            .message(text)
            .message_attributes(name, sms_type)
            .send()
            .await;
        let error = match sent {
            Ok(sent) => return Ok(sent.message_id().and_then(MessageId::parse)),
            Err(error) => error,
        };
        let error = error.into_service_error();
        let code = error.code().unwrap_or("noAnswer");
        tracing::warn!(event = "smsRefused", outcome = "refused", cause = code);
        match code {
            "InvalidParameter"
            | "ParameterValueInvalid"
            | "ValidationException"
            | "OptedOut"
            | "EndpointDisabled"
            | "NotFound" => Err(SendError::Permanent),
            // The last means that our role lacks a permission. The message ends up in
            // the dead-letter queue, where an operator finds it.
            "Throttled"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
            | "AuthorizationError" => Err(SendError::Refused),
            _ => Err(SendError::Unknown),
        }
    }
}
