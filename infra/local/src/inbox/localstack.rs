//! Serves the sent messages under LocalStack's paths and in its JSON shapes, for
//! tools made for LocalStack: <https://docs.localstack.cloud/aws/services/ses/> and
//! `.../sns/`, "SMS messages".

use axum::{
    Json, Router,
    extract::{Query, State},
    http::StatusCode,
    routing::get,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Channel, Inbox, Message, number::number};
use crate::REGION;

/// The account ID that LocalStack assumes for requests that give none.
const ACCOUNT: &str = "000000000000";

pub(super) fn routes() -> Router<Inbox> {
    Router::new()
        .route("/_aws/ses", get(mails).delete(forget_mails))
        .route("/_aws/sns/sms-messages", get(texts).delete(forget_texts))
}

#[derive(Deserialize)]
struct Mails {
    id: Option<String>,
    /// The *sender's* address: LocalStack filters by the sender.
    email: Option<String>,
}

/// Lists one entry for each send, regardless of its number of receivers.
async fn mails(State(inbox): State<Inbox>, Query(wanted): Query<Mails>) -> Json<Value> {
    let is = |wanted: &Option<String>, found: Option<&str>| {
        wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || Some(wanted) == found)
    };
    let mut found: Vec<Value> = Vec::new();
    for mail in of(&inbox, Channel::Email) {
        if !is(&wanted.id, Some(&mail.message_id)) || !is(&wanted.email, mail.from.as_deref()) {
            continue;
        }
        match found
            .iter_mut()
            .find(|send| send["Id"] == mail.message_id.as_str())
            .map(|send| &mut send["Destination"]["ToAddresses"])
        {
            Some(Value::Array(to)) => to.push(mail.to.into()),
            _ => found.push(as_send(mail)),
        }
    }
    Json(json!({ "messages": found }))
}

fn as_send(mail: Message) -> Value {
    json!({
        "Id": mail.message_id,
        "Region": REGION,
        "Timestamp": mail.at.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "Destination": { "ToAddresses": [mail.to] },
        "Source": mail.from,
        "Subject": mail.subject,
        "Body": {
            "text_part": (!mail.text.is_empty()).then_some(mail.text),
            "html_part": mail.html,
        },
    })
}

#[derive(Deserialize)]
struct GoneMails {
    id: Option<String>,
}

async fn forget_mails(State(inbox): State<Inbox>, Query(gone): Query<GoneMails>) -> StatusCode {
    inbox.forget(|message| {
        message.channel == Channel::Email
            && gone.id.as_ref().is_none_or(|id| *id == message.message_id)
    });
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Texts {
    account_id: Option<String>,
    region: Option<String>,
    phone_number: Option<String>,
}

impl Texts {
    fn region(&self) -> &str {
        self.region.as_deref().unwrap_or(REGION)
    }

    fn phone_number(&self) -> Option<String> {
        self.phone_number.as_deref().filter(|phone| !phone.is_empty()).map(number)
    }

    /// Whether the query matches this message. There is one account and one region:
    /// a query for any other finds nothing.
    fn wants(&self, message: &Message) -> bool {
        let here = self.region() == REGION
            && self.account_id.as_deref().is_none_or(|account| account == ACCOUNT);
        here && message.channel == Channel::Sms
            && self.phone_number().is_none_or(|phone| phone == message.to)
    }
}

async fn texts(State(inbox): State<Inbox>, Query(wanted): Query<Texts>) -> Json<Value> {
    let mut by_number = Map::new();
    if let Some(phone) = wanted.phone_number() {
        by_number.insert(phone, json!([]));
    }
    for sms in of(&inbox, Channel::Sms).filter(|sms| wanted.wants(sms)) {
        let attribute = |(name, value): (String, String)| {
            (name, json!({ "DataType": "String", "StringValue": value }))
        };
        let text = json!({
            "PhoneNumber": sms.to,
            "TopicArn": null,
            "SubscriptionArn": null,
            "MessageId": sms.message_id,
            "Message": sms.text,
            "MessageAttributes": sms.attributes.into_iter().map(attribute).collect::<Map<_, _>>(),
            "MessageStructure": null,
            "Subject": null,
        });
        let texts = by_number.entry(sms.to).or_insert_with(|| json!([]));
        if let Value::Array(texts) = texts {
            texts.push(text);
        }
    }
    Json(json!({ "sms_messages": by_number, "region": wanted.region() }))
}

async fn forget_texts(State(inbox): State<Inbox>, Query(gone): Query<Texts>) -> StatusCode {
    inbox.forget(|message| gone.wants(message));
    StatusCode::NO_CONTENT
}

fn of(inbox: &Inbox, channel: Channel) -> impl Iterator<Item = Message> {
    inbox.all().into_iter().filter(move |message| message.channel == channel)
}
