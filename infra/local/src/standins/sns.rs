//! SNS `Publish` to a phone number: the query protocol, forms in and XML out.

use std::collections::HashMap;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::request_id;
use crate::inbox::{Channel, Draft, Failure, Inbox};

const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

pub(super) fn answer(inbox: &Inbox, body: &[u8]) -> Response {
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
    match inbox.take_failure(Channel::Sms) {
        Some(Failure::Throttled) => return refuse(429, "Throttled", "Rate exceeded"),
        Some(Failure::Rejected) => return refuse(400, "InvalidParameter", &invalid),
        Some(Failure::OptedOut | Failure::Suppressed) => {}
        None => {
            let draft = Draft {
                to: to.to_owned(),
                from: attribute(&form, "AWS.SNS.SMS.SenderID").or_else(|| attribute(&form, "AWS.MM.SMS.OriginationNumber")),
                text: text.to_owned(),
                kind: attribute(&form, "AWS.SNS.SMS.SMSType"),
                ..Draft::default()
            };
            inbox.receive(Channel::Sms, draft);
        }
    }
    xml(
        StatusCode::OK,
        format!(
            "<PublishResponse xmlns=\"{NAMESPACE}\"><PublishResult><MessageId>{}</MessageId>\
             </PublishResult><ResponseMetadata><RequestId>{}</RequestId></ResponseMetadata>\
             </PublishResponse>",
            request_id(),
            request_id()
        ),
    )
}

/// Message attributes come as numbered pairs of name and value.
fn attribute(form: &HashMap<String, String>, name: &str) -> Option<String> {
    form.iter()
        .filter_map(|(key, value)| Some((key.strip_suffix(".Name")?, value)))
        .find(|(entry, value)| entry.starts_with("MessageAttributes.") && *value == name)
        .and_then(|(entry, _)| form.get(&format!("{entry}.Value.StringValue")))
        .cloned()
}

fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn refuse(status: u16, code: &str, message: &str) -> Response {
    // What the caller sent stands in some messages.
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
