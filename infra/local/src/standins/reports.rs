//! Builds the delivery events that SES and SNS send about a message that they accepted and could
//! not deliver, as EventBridge and a CloudWatch Logs subscription deliver them. The formats are
//! those of the AWS documentation: "Examples of event data from Amazon SES" and "Viewing
//! CloudWatch logs for SMS deliveries".

use std::io::Write;

use anyhow::Result;
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use flate2::{Compression, write::GzEncoder};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::request_id;
use crate::{
    REGION,
    inbox::{Channel, Failure},
};

const ACCOUNT: &str = "000000000000";

/// The sender of delivery events. Clones share one channel.
#[derive(Clone)]
pub(super) struct Reports(UnboundedSender<Value>);

impl Reports {
    pub(super) fn new() -> (Self, UnboundedReceiver<Value>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }

    /// Sends a delivery event for a failed message if the real service would send one.
    pub(super) fn tell(&self, channel: Channel, failure: Failure, message_id: &str, to: &str) {
        let event = match (channel, failure) {
            (Channel::Email, Failure::Bounced) => Some(bounce(message_id, to, "General")),
            (Channel::Email, Failure::Suppressed) => {
                Some(bounce(message_id, to, "OnAccountSuppressionList"))
            }
            (Channel::Sms, Failure::OptedOut) => {
                undelivered(message_id, to, "Phone number is opted out").ok()
            }
            (
                _,
                Failure::Throttled
                | Failure::Rejected
                | Failure::OptedOut
                | Failure::Suppressed
                | Failure::Bounced,
            ) => None,
        };
        // A test that does not read delivery events has dropped the receiver: that is no error.
        event.map(|event| self.0.send(event));
    }
}

/// The SES event for a mail that was returned permanently.
fn bounce(message_id: &str, to: &str, subtype: &str) -> Value {
    let at = Timestamp::now().to_string();
    json!({
        "version": "0", "id": request_id(), "detail-type": "Email Bounced", "source": "aws.ses", "account": ACCOUNT,
        "time": at, "region": REGION,
        "resources": [format!("arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/latchkey")],
        "detail": {
            "eventType": "Bounce",
            "bounce": {
                "feedbackId": request_id(), "bounceType": "Permanent", "bounceSubType": subtype, "timestamp": at,
                "reportingMTA": "dsn; example.com",
                "bouncedRecipients": [
                    { "emailAddress": to, "action": "failed", "status": "5.1.1", "diagnosticCode": format!("smtp; 550 5.1.1 <{to}>: no such user") },
                ],
            },
            "mail": {
                "timestamp": at, "source": "no-reply@example.com", "sendingAccountId": ACCOUNT, "messageId": message_id,
                "destination": [to], "headersTruncated": false, "headers": [], "commonHeaders": { "to": [to] },
                "tags": { "ses:configuration-set": ["latchkey"] },
            },
        },
    })
}

/// A line of the SNS log of failed deliveries, packed in the format of CloudWatch Logs.
fn undelivered(message_id: &str, to: &str, why: &str) -> Result<Value> {
    let at = Timestamp::now();
    let line = json!({
        "notification": { "messageId": message_id, "timestamp": at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string() },
        "delivery": {
            "destination": to, "priceInUSD": 0, "smsType": "Transactional", "providerResponse": why,
            "dwellTimeMs": 41, "dwellTimeMsUntilDeviceAck": 0,
        },
        "status": "FAILURE",
    });
    let logs = json!({
        "messageType": "DATA_MESSAGE", "owner": ACCOUNT,
        "logGroup": format!("sns/{REGION}/{ACCOUNT}/DirectPublishToPhoneNumber/Failure"), "logStream": request_id(),
        "subscriptionFilters": ["latchkey"],
        "logEvents": [{ "id": "0", "timestamp": at.as_millisecond(), "message": line.to_string() }],
    });
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(logs.to_string().as_bytes())?;
    Ok(json!({ "awslogs": { "data": BASE64.encode(packed.finish()?) } }))
}
