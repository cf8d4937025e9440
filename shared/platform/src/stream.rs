//! The outbox's stream: records in, the lowest failed sequence number out
//! (`ReportBatchItemFailures`). Records are handled in order; after the first
//! that fails the rest is left, so that nothing is lost and nothing overtakes.

use crate::dynamodb::table::outbox_row;
use crate::host::Host;
use crate::log;
use crate::metrics::{Line, milliseconds};
use crate::send::{Channels, Handed, Watched};
use domain::audit::{Reason, SupportCode};
use domain::error::Problem;
use domain::flow::deliver::{Ended, deliver};
use domain::method::Kind;
use domain::outbox::{OutboxId, OutboxKind, OutboxState};
use domain::port::{Call, random};
use domain::secret::random_text;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What the event source mapping hands over. The stream carries keys only.
#[derive(Deserialize)]
pub struct StreamEvent {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    event_name: String,
    dynamodb: Change,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Keys,
}

#[derive(Deserialize)]
struct Keys {
    pk: Text,
    sk: Text,
}

#[derive(Deserialize)]
struct Text {
    #[serde(rename = "S")]
    s: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

/// Sends what the records speak of.
pub async fn handle(host: &Host, channels: &Channels, request: &str, event: StreamEvent) -> StreamAnswer {
    log::within(request, async {
        let (began, records) = (Instant::now(), event.records.len());
        let answer = send(host, channels, request, event).await;
        let outcome = if answer.batch_item_failures.is_empty() { "ok" } else { "retried" };
        let milliseconds = milliseconds(began);
        tracing::info!(event = "batchHandled", outcome, records, milliseconds);
        Line::default().latency(milliseconds).write(request, host.clock.now());
        answer
    })
    .await
}

async fn send(host: &Host, channels: &Channels, request: &str, event: StreamEvent) -> StreamAnswer {
    for record in event.records {
        let Change { sequence_number, keys } = record.dynamodb;
        // The mapping's filter lets nothing else through; what is not a new
        // outbox row is none of ours.
        let Some((handle, id)) = outbox_row(&keys.pk.s, &keys.sk.s).filter(|_| record.event_name == "INSERT") else {
            continue;
        };
        let call = Call {
            // A record that comes again may come under the same request.
            id: format!("{request}-{sequence_number}-{}", random_text(random::<6>(&host.entropy))),
            now: host.clock.now(),
            source: String::new(),
            source_limit: 0,
            repeatable: None,
        };
        let (began, watched) = (Instant::now(), Watched::new(channels));
        let ended = deliver(&host.store, &*host.ring, &watched, &call, &handle, &id).await;
        let handed = watched.handed();
        tell(&id, &sequence_number, &ended, handed.as_ref(), milliseconds(began));
        Line::message(ended.as_ref().ok().and_then(Option::as_ref), handed.as_ref()).write(request, call.now);
        if ended.is_err() {
            return StreamAnswer { batch_item_failures: vec![Failure { item_identifier: sequence_number }] };
        }
    }
    StreamAnswer { batch_item_failures: Vec::new() }
}

/// Writes the line of a message.
fn tell(id: &OutboxId, record: &str, ended: &Result<Option<Ended>, Problem>, handed: Option<&Handed>, milliseconds: f64) {
    let of_reset = match &id.what {
        OutboxKind::Code(_, reset) => reset.as_ref().map(|reset| reset.support_code()),
        OutboxKind::Notice | OutboxKind::ToAdministrators => None,
    };
    let purpose = match &id.what {
        OutboxKind::Code(purpose, _) => purpose.as_str(),
        OutboxKind::Notice => "notice",
        OutboxKind::ToAdministrators => "toAdministrators",
    };
    let kind = handed.map(|handed| handed.kind.as_str());
    let language = handed.map(|handed| handed.language.tag());
    let paid = handed.and_then(|handed| handed.paid.as_ref());
    let (country, parts) = (paid.map(|paid| paid.country.as_str()), paid.map(|paid| paid.parts));
    match ended {
        Ok(ended) => {
            let ended = ended.as_ref();
            tracing::info!(
                event = "messageHandled",
                outcome = ended.map_or("nothing", |ended| outcome(ended.state)),
                supportCode = ended.map(|ended| ended.support_code.as_str()),
                reason = ended.filter(|ended| ended.reason != Reason::None).map(|ended| ended.reason.as_str()),
                kind = kind.or(ended.and_then(|ended| ended.kind).map(Kind::as_str)),
                purpose,
                language,
                country,
                parts,
                milliseconds,
            );
        }
        Err(_) => tracing::warn!(
            event = "messageRetried",
            outcome = "retried",
            supportCode = of_reset.as_ref().map(SupportCode::as_str),
            record,
            kind,
            purpose,
            language,
            country,
            parts,
            milliseconds,
        ),
    }
}

fn outcome(state: OutboxState) -> &'static str {
    match state {
        OutboxState::Queued | OutboxState::Claimed => "nothing",
        OutboxState::Sent => "sent",
        OutboxState::Dropped => "dropped",
        OutboxState::Failed => "failed",
    }
}
