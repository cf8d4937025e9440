//! Sends SMS by SNS `Publish` to a phone number. SNS has no idempotency token; the outbox
//! limits how often a message is sent.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use aws_types::SdkConfig;
use domain::delivery::MessageId;
use domain::port::SendError;

/// The attribute for the type of SMS, and its value for codes: transactional SMS reach
/// numbers that refuse advertising, and are delivered more reliably.
const SMS_TYPE: (&str, &str) = ("AWS.SNS.SMS.SMSType", "Transactional");

/// The client that sends text messages.
pub(crate) struct Texter {
    client: Client,
}

impl Texter {
    /// Creates a sender from an AWS configuration.
    pub(crate) fn new(aws: &SdkConfig) -> Texter {
        Texter { client: Client::new(aws) }
    }

    /// Sends one message to a number in E.164 format. SNS also accepts messages that it
    /// will not deliver, such as to a number whose owner opted out, or above the AWS
    /// account's spending limit. It reports those only in its delivery log, under the
    /// message ID that this function returns.
    ///
    /// # Errors
    /// If SNS refused the message or did not respond.
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
            // The last code means that the function's role lacks a permission. The message
            // goes to the dead-letter queue, where an operator finds it.
            "Throttled"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequestsException"
            | "AuthorizationError" => Err(SendError::Refused),
            _ => Err(SendError::Unknown),
        }
    }
}
