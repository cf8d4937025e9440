//! Delivers one batch to the function: first the whole batch, then the rest from
//! the first failed record on, then halves until the failing record is alone.

use std::{fmt::Display, time::Duration};

use serde_json::{Value, json};

/// The number of tries of one batch before it is split, or given up if it is a
/// single record. The template allows more tries, because a fault on AWS may last.
/// The local pump does not wait for a fault to end.
pub const TRIES: u32 = 3;

/// Delivers `batch` to the function, in order. Returns the records that the
/// function refused, each with its last error.
///
/// `pause` is the wait before the second try; it doubles with each further one.
pub(super) async fn deliver<F, E>(
    batch: &[Value],
    pause: Duration,
    invoke: &F,
) -> Vec<(Value, String)>
where
    F: AsyncFn(Value) -> Result<Value, E>,
    E: Display,
{
    let mut refused = Vec::new();
    let mut open = vec![batch];
    while let Some(mut part) = open.pop() {
        let mut said = String::new();
        let mut tries = 0;
        while !part.is_empty() && tries < TRIES {
            if tries > 0 {
                tokio::time::sleep(pause * 2u32.pow(tries - 1)).await;
            }
            tries += 1;
            let done = match invoke(json!({ "Records": part })).await {
                Ok(answer) => match first_failure(part, &answer) {
                    Some(failed) => {
                        said = "reported as a batch item failure".to_owned();
                        failed
                    }
                    None => part.len(),
                },
                Err(error) => {
                    said = error.to_string();
                    0
                }
            };
            part = &part[done..];
            if done > 0 {
                // Another record is now the first, and it has its own tries.
                tries = tries.min(1);
            }
        }
        match part {
            [] => {}
            [record] => refused.push((record.clone(), said)),
            _ => {
                let (first, second) = part.split_at(part.len() / 2);
                open.push(second);
                open.push(first);
            }
        }
    }
    refused
}

/// Returns the index of the first record that the function reported as failed. The
/// records before it are done; the rest is tried again. An identifier that matches
/// no record fails the whole batch, as on AWS.
fn first_failure(batch: &[Value], answer: &Value) -> Option<usize> {
    let failures = answer["batchItemFailures"].as_array()?;
    failures
        .iter()
        .map(|failure| {
            batch
                .iter()
                .position(|record| {
                    record["dynamodb"]["SequenceNumber"] == failure["itemIdentifier"]
                })
                .unwrap_or(0)
        })
        .min()
}
