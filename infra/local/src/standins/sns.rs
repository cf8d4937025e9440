//! SNS `Publish` to a phone number, in the query protocol: form requests, XML responses.

use std::collections::{BTreeMap, HashMap};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{Services, request_id};
use crate::inbox::{Channel, Draft, Failure};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

pub(super) fn answer(Services { inbox, reports, .. }: &Services, body: &[u8]) -> Response {
    let form: HashMap<String, String> = form_urlencoded::parse(body).into_owned().collect();
    let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();

    if field("Action") != "Publish" {
        return refuse(400, "InvalidAction", "This stand-in knows Publish only.");
    }
    let (to, text) = (field("PhoneNumber"), field("Message"));
    if text.is_empty() {
        return refuse(400, "InvalidParameter", "Invalid parameter: Empty message");
    }
    let invalid = format!("Invalid parameter: PhoneNumber Reason: {to} is not valid to publish to");
    if !is_e164(to) {
        return refuse(400, "InvalidParameter", &invalid);
    }
    let message_id = request_id();
    match inbox.take_failure(Channel::Sms, &[to.to_owned()]) {
        Some(Failure::Throttled) => return refuse(429, "Throttled", "Rate exceeded"),
        Some(Failure::Rejected) => return refuse(400, "InvalidParameter", &invalid),
        Some(lost @ (Failure::OptedOut | Failure::Suppressed | Failure::Bounced)) => {
            reports.tell(Channel::Sms, lost, &message_id, to)
        }
        None => {
            let attributes = attributes(&form);
            let draft = Draft {
                message_id: message_id.clone(),
                to: to.to_owned(),
                from: ["AWS.SNS.SMS.SenderID", "AWS.MM.SMS.OriginationNumber"]
                    .iter()
                    .find_map(|name| attributes.get(*name))
                    .cloned(),
                text: text.to_owned(),
                attributes,
                ..Draft::default()
            };
            inbox.receive(Channel::Sms, draft);
        }
    }
    xml(
        StatusCode::OK,
        format!(
            "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{message_id}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata>\
             </PublishResponse>",
            request_id()
        ),
    )
}

/// Reads the message attributes, which the form encodes as numbered pairs of name and value.
fn attributes(form: &HashMap<String, String>) -> BTreeMap<String, String> {
    let pair = |(key, name): (&String, &String)| {
        let entry =
            key.strip_suffix(".Name").filter(|entry| entry.starts_with("MessageAttributes."))?;
        Some((name.clone(), form.get(&format!("{entry}.Value.StringValue"))?.clone()))
    };
    form.iter().filter_map(pair).collect()
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

fn refuse(status: u16, code: &str, message: &str) -> Response {
    // Some messages contain text from the caller, so they are escaped.
    let message = message.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    xml(
        StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST),
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code>\
             <Message>{message}</Message></Error><RequestId>{}</RequestId></ErrorResponse>",
            request_id()
        ),
    )
}

fn xml(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "text/xml")], body).into_response()
}
