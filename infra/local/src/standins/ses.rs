//! SES v2 `SendEmail`: REST with JSON bodies.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{Services, request_id};
use crate::inbox::{Channel, Draft, Failure};

/// The parts of a `SendEmail` request that a receiver sees. Tags, reply addresses
/// and configuration sets are accepted and have no effect here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEmail {
    from_email_address: Option<String>,
    destination: Destination,
    content: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Text,
    body: Body,
    #[serde(default)]
    headers: Vec<Header>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Header {
    name: String,
    value: String,
}

impl Header {
    /// Whether SES accepts the header: the patterns of `MessageHeader` in its API reference.
    fn is_valid(&self) -> bool {
        let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        (1..=126).contains(&self.name.len())
            && !self.name.contains([' ', ':'])
            && (1..=870).contains(&self.value.len())
            && printable(&self.name)
            && printable(&self.value)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Body {
    text: Option<Text>,
    html: Option<Text>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Text {
    data: String,
}

pub(super) async fn send_email(
    State(Services { inbox, reports, .. }): State<Services>,
    body: Result<Json<SendEmail>, axum::extract::rejection::JsonRejection>,
) -> Response {
    let Json(request) = match body {
        Ok(request) => request,
        Err(error) => return refuse(400, "BadRequestException", &error.body_text()),
    };
    if request.destination.to_addresses.is_empty() {
        return refuse(400, "BadRequestException", "Destination.ToAddresses is empty.");
    }
    // SES takes ASCII only: a display name with other characters must be in encoded words.
    if !request.from_email_address.as_deref().unwrap_or_default().is_ascii() {
        return refuse(400, "BadRequestException", "Invalid From address.");
    }
    if !request.content.simple.headers.iter().all(Header::is_valid) {
        return refuse(400, "BadRequestException", "Invalid message header.");
    }
    let message_id = request_id();
    match inbox.take_failure(Channel::Email, &request.destination.to_addresses) {
        Some(Failure::Throttled) => {
            return refuse(429, "TooManyRequestsException", "Maximum sending rate exceeded.");
        }
        Some(Failure::Rejected) => {
            return refuse(400, "MessageRejected", "Email address is not verified.");
        }
        Some(lost @ (Failure::OptedOut | Failure::Suppressed | Failure::Bounced)) => {
            for to in &request.destination.to_addresses {
                reports.tell(Channel::Email, lost, &message_id, to);
            }
        }
        None => {
            let Simple { subject, body, .. } = request.content.simple;
            for to in request.destination.to_addresses {
                inbox.receive(
                    Channel::Email,
                    Draft {
                        message_id: message_id.clone(),
                        to,
                        from: request.from_email_address.clone(),
                        subject: Some(subject.data.clone()),
                        text: body.text.as_ref().map(|text| text.data.clone()).unwrap_or_default(),
                        html: body.html.as_ref().map(|html| html.data.clone()),
                        ..Draft::default()
                    },
                );
            }
        }
    }
    Json(json!({ "MessageId": message_id })).into_response()
}

fn refuse(status: u16, code: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, [("x-amzn-errortype", code)], Json(json!({ "message": message }))).into_response()
}
