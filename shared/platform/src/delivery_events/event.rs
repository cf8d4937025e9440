//! Reads three kinds of Lambda event: SES events from EventBridge, the same events in SNS
//! notifications, and lines of the SNS delivery log from CloudWatch Logs. Unknown fields
//! are ignored, so that AWS may add some. Addresses are not read.

use super::{Malformed, Outcome, Passing, logs};
use domain::delivery::{MessageId, Returned};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Any of the three kinds of Lambda event. Each kind has its own top-level field.
#[derive(Deserialize)]
struct Event<'a> {
    #[serde(borrow)]
    detail: Option<&'a RawValue>,
    #[serde(borrow, rename = "Records")]
    records: Option<Vec<&'a RawValue>>,
    awslogs: Option<Awslogs>,
}

#[derive(Deserialize)]
struct Awslogs {
    data: String,
}

/// Returns the outcome of each message in a Lambda event.
pub(super) fn read(event: &RawValue) -> Vec<Result<Outcome, Malformed>> {
    match json::<Event>(event.get()) {
        Ok(Event { detail: Some(detail), .. }) => vec![ses(detail.get())],
        Ok(Event { records: Some(records), .. }) => {
            records.into_iter().map(|record| notification(record.get())).collect()
        }
        Ok(Event { awslogs: Some(Awslogs { data }), .. }) => match logs::lines(&data) {
            Ok(lines) => lines.iter().map(|line| sms(line)).collect(),
            Err(malformed) => vec![Err(malformed)],
        },
        Ok(Event { detail: None, records: None, awslogs: None }) | Err(Malformed) => {
            vec![Err(Malformed)]
        }
    }
}

fn json<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, Malformed> {
    serde_json::from_str(text).map_err(|_| Malformed)
}

fn id(text: &str) -> Result<MessageId, Malformed> {
    MessageId::parse(text).ok_or(Malformed)
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notified {
    sns: Notification,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Notification {
    message: String,
}

/// Reads an SNS record. Its message is an SES event, alone or inside EventBridge's envelope.
fn notification(record: &str) -> Result<Outcome, Malformed> {
    #[derive(Deserialize)]
    struct Envelope<'a> {
        #[serde(borrow)]
        detail: Option<&'a RawValue>,
    }
    let message = json::<Notified>(record)?.sns.message;
    match json::<Envelope>(&message)?.detail {
        Some(detail) => ses(detail.get()),
        None => ses(&message),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ses {
    event_type: String,
    mail: Mail,
    bounce: Option<Bounce>,
    complaint: Option<Complaint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    bounce_type: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    complaint_feedback_type: Option<String>,
}

/// Reads an SES event.
fn ses(event: &str) -> Result<Outcome, Malformed> {
    let event: Ses = json(event)?;
    let id = id(&event.mail.message_id)?;
    Ok(match event.event_type.as_str() {
        "Bounce" => match event.bounce.ok_or(Malformed)?.bounce_type.as_str() {
            "Permanent" => Outcome::Returned(id, Returned::Bounced),
            // `Transient`; or `Undetermined`, which proves nothing about the address.
            _ => Outcome::Passing(Passing::Transient),
        },
        "Complaint" => {
            match event.complaint.and_then(|complaint| complaint.complaint_feedback_type).as_deref()
            {
                // `not-spam` withdraws an earlier complaint, and `auth-failure` is about
                // the sender's signature: no recipient complained.
                Some("not-spam" | "auth-failure") => Outcome::Passing(Passing::NotOfTheAddress),
                // Most mailbox providers give no type.
                _ => Outcome::Returned(id, Returned::Complained),
            }
        }
        "Reject" => Outcome::Passing(Passing::Rejected),
        "Rendering Failure" => Outcome::Passing(Passing::RenderingFailed),
        "DeliveryDelay" => Outcome::Passing(Passing::Transient),
        // Sent, delivered, opened, and types that SES may add.
        _ => Outcome::Nothing,
    })
}

#[derive(Deserialize)]
struct Sms {
    notification: Published,
    delivery: Delivery,
    status: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    message_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delivery {
    provider_response: String,
}

/// Provider responses which mean that the number receives no messages. SNS gives reasons as
/// text only (SNS documentation, "reasons for SMS delivery failure").
const OF_THE_NUMBER: [(&str, Returned); 5] = [
    ("phone number is opted out", Returned::OptedOut),
    ("phone has blocked sms", Returned::Blocked),
    ("phone is on a blocked list", Returned::Blocked),
    ("destination is on a blocked list", Returned::Blocked),
    ("invalid phone number", Returned::InvalidNumber),
];
/// Provider responses that concern the message, not the number. All other responses count
/// as transient.
const OF_THE_MESSAGE: [&str; 4] = [
    "blocked as spam by phone carrier",
    "phone carrier has blocked this message",
    "message body is invalid",
    "this delivery would exceed max price",
];

/// Reads a line of the SNS delivery log.
fn sms(line: &str) -> Result<Outcome, Malformed> {
    let event: Sms = json(line)?;
    let id = id(&event.notification.message_id)?;
    if event.status != "FAILURE" {
        return Ok(Outcome::Nothing);
    }
    let response =
        event.delivery.provider_response.trim().trim_end_matches('.').to_ascii_lowercase();
    Ok(match OF_THE_NUMBER.iter().find(|(words, _)| *words == response) {
        Some((_, returned)) => Outcome::Returned(id, *returned),
        None if OF_THE_MESSAGE.contains(&response.as_str()) => {
            Outcome::Passing(Passing::MessageRefused)
        }
        None => Outcome::Passing(Passing::Transient),
    })
}
