//! Invokes `send-code` and `delivery-events`, and builds the delivery events of SES and SNS.

use crate::World;
use crate::caller::acting;
use crate::world::SEND_CODE;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::write::GzEncoder;
use platform::serve::Error;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use std::io::Write;
use std::pin::Pin;
use std::sync::atomic::Ordering;

/// The function that handles the delivery events of messages.
pub(crate) const DELIVERY_EVENTS: &str = "delivery-events";

impl World {
    /// Invokes `send-code` with a Lambda event. Returns `Err` if the function fails.
    pub async fn invoke_send_code(&self, event: &Value) -> Result<Value, String> {
        let request = format!("send-code-{}", self.requests.fetch_add(1, Ordering::SeqCst));
        let event = to_raw_value(event).expect("JSON");
        let turn = self.turn(SEND_CODE);
        let (host, channels) = turn
            .as_ref()
            .map_or((&self.host, &self.channels), |later| (&later.host, &later.channels));
        // Boxed, because tests await it in deeply nested futures.
        let answer: Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>> =
            Box::pin(platform::stream::answer(host, channels, &request, &event));
        acting(SEND_CODE, answer).await.map_err(|error| error.to_string())
    }

    /// Runs one re-drive, which sends unsent messages again.
    pub async fn redrive(&self) -> Value {
        self.invoke_send_code(&json!({ "redrive": {} })).await.expect("an answer")
    }

    /// Invokes `delivery-events` with a Lambda event. Returns `Err` if the function fails.
    pub async fn invoke_delivery_events(&self, event: &Value) -> Result<Value, String> {
        let request = format!("delivery-{}", self.requests.fetch_add(1, Ordering::SeqCst));
        let event = to_raw_value(event).expect("JSON");
        let turn = self.turn(DELIVERY_EVENTS);
        let handled = platform::delivery_events::handle(
            turn.as_ref().map_or(&self.host, |later| &later.host),
            &request,
            &event,
        );
        let answer = acting(DELIVERY_EVENTS, handled).await.map_err(|error| error.to_string())?;
        Ok(serde_json::to_value(answer).expect("JSON"))
    }

    /// Returns the message ID that the channel gave the newest message to an address.
    pub fn name_of_newest(&self, address: &str) -> String {
        self.standins
            .inbox()
            .to(address)
            .pop()
            .unwrap_or_else(|| panic!("no message to {address}"))
            .message_id
    }
}

/// Builds an SES event, in EventBridge's format.
pub fn ses(event_type: &str, name: &str, more: Value) -> Value {
    let mut detail = json!({ "eventType": event_type, "mail": { "messageId": name, "destination": ["recipient@example.com"], "tags": {} } });
    detail.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
    json!({ "version": "0", "source": "aws.ses", "detail-type": "Email", "resources": [], "detail": detail })
}

/// Builds an SES bounce event of a type.
pub fn bounce(bounce_type: &str, name: &str) -> Value {
    let recipients =
        json!([{ "emailAddress": "recipient@example.com", "diagnosticCode": "smtp; 550" }]);
    ses(
        "Bounce",
        name,
        json!({ "bounce": { "bounceType": bounce_type, "bounceSubType": "General", "bouncedRecipients": recipients } }),
    )
}

/// Converts an SES event to an SNS notification, without EventBridge's envelope.
pub fn notified(event: &Value) -> Value {
    let sns =
        json!({ "Type": "Notification", "MessageId": "0", "Message": event["detail"].to_string() });
    json!({ "Records": [{ "EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns }] })
}

/// Builds a line of the SNS delivery log.
pub fn sms_line(name: &str, status: &str, said: &str) -> String {
    json!({
        "notification": { "messageId": name, "timestamp": "2026-11-23 09:00:00.000" },
        "delivery": { "destination": "+61491570156", "smsType": "Transactional", "providerResponse": said, "dwellTimeMs": 1 },
        "status": status,
    })
    .to_string()
}

/// Builds the Lambda event in which a CloudWatch Logs subscription delivers log lines.
pub fn logged(lines: &[String]) -> Value {
    let events: Vec<Value> =
        lines.iter().map(|line| json!({ "id": "0", "timestamp": 0, "message": line })).collect();
    packed(
        json!({ "messageType": "DATA_MESSAGE", "logGroup": "sns", "logEvents": events })
            .to_string()
            .as_bytes(),
    )
}

/// Packs bytes in the envelope of a CloudWatch Logs subscription: gzip in Base64.
pub fn packed(bytes: &[u8]) -> Value {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(bytes).expect("memory");
    json!({ "awslogs": { "data": BASE64.encode(gzip.finish().expect("memory")) } })
}
