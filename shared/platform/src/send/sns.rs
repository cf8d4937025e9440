//! Text messages by SNS. Like SES it has no idempotency token: the outbox
//! bounds how often a message is handed over. A number whose owner opted out is
//! accepted and never delivered: only the account's delivery logs tell.

use aws_sdk_sns::Client;
use aws_sdk_sns::error::ProvideErrorMetadata;
use aws_sdk_sns::types::MessageAttributeValue;
use domain::port::SendError;

pub struct Texter {
    client: Client,
}

impl Texter {
    pub fn new(client: Client) -> Texter {
        Texter { client }
    }

    /// Hands one message to SNS, for one number: as one that matters
    /// (`Transactional`), not as the cheapest.
    pub async fn send(&self, to: &str, message: &str) -> Result<(), SendError> {
        let transactional = MessageAttributeValue::builder().data_type("String").string_value("Transactional").build();
        let sent = self
            .client
            .publish()
            .phone_number(to)
            .message(message)
            .message_attributes("AWS.SNS.SMS.SMSType", transactional.expect("a type is set"))
            .send()
            .await;
        let Err(error) = sent else { return Ok(()) };
        let error = error.into_service_error();
        let code = error.code().unwrap_or("noAnswer");
        tracing::warn!(event = "smsRefused", cause = code);
        match code {
            "InvalidParameter" | "ParameterValueInvalid" | "ValidationException" | "EndpointDisabled" | "NotFound" => {
                Err(SendError::Permanent)
            }
            "Throttled" | "Throttling" | "ThrottlingException" | "KMSThrottling" => Err(SendError::Refused),
            _ => Err(SendError::Unknown),
        }
    }
}
