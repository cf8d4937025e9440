//! The inbox over HTTP: a page for people, JSON for tests, and LocalStack's
//! paths for tools that know those.

use std::time::Duration;

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Channel, Failure, Inbox, Message};

/// The longest wait of one request, in seconds.
const LONGEST_WAIT: u64 = 30;

/// The page may load its own two files, ask this server, and frame mails.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; \
     frame-ancestors 'none'";
/// A mail may look as it likes, and do nothing: no scripts, no loads.
const MAIL_POLICY: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; \
     img-src data:; frame-ancestors 'self'";

pub(crate) fn routes() -> Router<Inbox> {
    Router::new()
        .route("/", get(page))
        .route("/inbox.css", get(style))
        .route("/inbox.js", get(script))
        .route("/mail/{id}", get(mail))
        .route("/api/messages", get(messages).delete(clear))
        .route("/api/fail", post(fail).get(failures))
        .route("/_aws/ses", get(localstack_ses))
        .route("/_aws/sns/sms-messages", get(localstack_sms))
}

async fn page() -> impl IntoResponse {
    let policy = [(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)];
    (policy, Html(include_str!("page.html")))
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], include_str!("page.css"))
}

async fn script() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "text/javascript")];
    (kind, include_str!("page.js"))
}

async fn mail(State(inbox): State<Inbox>, Path(id): Path<u64>) -> Response {
    let found = inbox.all().into_iter().find(|message| message.id == id);
    match found.and_then(|message| message.html) {
        Some(html) => ([(header::CONTENT_SECURITY_POLICY, MAIL_POLICY)], Html(html)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[derive(Deserialize)]
struct Wanted {
    to: Option<String>,
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait: u64,
}

/// `oldest` is the first id that is still kept, so that a page can drop what
/// another one has cleared.
async fn messages(State(inbox): State<Inbox>, Query(wanted): Query<Wanted>) -> Json<Value> {
    let patience = Duration::from_secs(wanted.wait.min(LONGEST_WAIT));
    let messages = inbox.wait(wanted.to.as_deref(), wanted.after, patience).await;
    let oldest = inbox.all().first().map(|message| message.id);
    Json(json!({ "messages": messages, "oldest": oldest }))
}

async fn clear(State(inbox): State<Inbox>) -> StatusCode {
    inbox.clear();
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fail {
    channel: Channel,
    #[serde(rename = "as")]
    failure: Failure,
    /// How many sends fail. The SDK's own retries count as sends.
    #[serde(default = "once")]
    times: u8,
}

fn once() -> u8 {
    1
}

async fn fail(State(inbox): State<Inbox>, Json(fail): Json<Fail>) -> StatusCode {
    for _ in 0..fail.times {
        inbox.fail_next(fail.channel, fail.failure);
    }
    StatusCode::NO_CONTENT
}

async fn failures(State(inbox): State<Inbox>) -> Json<Value> {
    let waiting = inbox.failures();
    let waiting = waiting.iter().map(|(channel, failure)| json!({ "channel": channel, "as": failure }));
    Json(json!({ "waiting": waiting.collect::<Vec<_>>() }))
}

async fn localstack_ses(State(inbox): State<Inbox>) -> Json<Value> {
    let messages = of(&inbox, Channel::Email).map(|mail| {
        json!({
            "Id": mail.id.to_string(),
            "Region": crate::REGION,
            "Timestamp": mail.at.to_string(),
            "Source": mail.from,
            "Destination": { "ToAddresses": [mail.to] },
            "Subject": mail.subject,
            "Body": { "text_part": mail.text, "html_part": mail.html },
        })
    });
    Json(json!({ "messages": messages.collect::<Vec<_>>() }))
}

async fn localstack_sms(State(inbox): State<Inbox>) -> Json<Value> {
    let mut by_number = serde_json::Map::new();
    for sms in of(&inbox, Channel::Sms) {
        let attribute = |(name, value): (String, String)| (name, json!({ "DataType": "String", "StringValue": value }));
        let text = json!({
            "PhoneNumber": sms.to,
            "TopicArn": null,
            "SubscriptionArn": null,
            "MessageId": sms.id.to_string(),
            "Message": sms.text,
            "MessageAttributes": sms.attributes.into_iter().map(attribute).collect::<serde_json::Map<_, _>>(),
            "MessageStructure": null,
            "Subject": null,
        });
        let texts = by_number.entry(sms.to).or_insert_with(|| json!([]));
        if let Value::Array(texts) = texts {
            texts.push(text);
        }
    }
    Json(json!({ "sms_messages": by_number, "region": crate::REGION }))
}

fn of(inbox: &Inbox, channel: Channel) -> impl Iterator<Item = Message> {
    inbox.all().into_iter().filter(move |message| message.channel == channel)
}
