//! The outbox's stream: records in, the lowest failed sequence number out
//! (`ReportBatchItemFailures`). Records are handled in order; after the first
//! that fails the rest is left, so that nothing is lost and nothing overtakes.

use crate::dynamodb::table::outbox_row;
use crate::host::Host;
use crate::send::Channels;
use domain::flow::deliver::deliver;
use domain::port::{Call, random};
use domain::secret::random_text;
use serde::{Deserialize, Serialize};

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
        if deliver(&host.store, &*host.ring, channels, &call, &handle, &id).await.is_err() {
            tracing::warn!(event = "messageRetried", record = sequence_number);
            return StreamAnswer { batch_item_failures: vec![Failure { item_identifier: sequence_number }] };
        }
    }
    StreamAnswer { batch_item_failures: Vec::new() }
}
