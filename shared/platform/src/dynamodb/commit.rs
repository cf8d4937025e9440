//! [`Store`] over DynamoDB. A commit is one transaction: all of its changes are
//! written, or none.

use super::change::{Member, member};
use super::items::sent_item;
use super::read::ledger;
use super::{Table, read, source, terms};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::context::RequestContext;
use domain::delivery::{MessageId, SentMessage};
use domain::error::Problem;
use domain::password::terms::Terms;
use domain::port::{Change, CommitError, Guard, Snapshot, Store, Want};
use domain::time::Time;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Tries of a transaction that conflicts with another write. The SDK does not
/// retry a cancelled transaction.
const TRIES: u32 = 4;
/// Bounds of the wait between tries, in milliseconds. The longest wait doubles
/// with each try, and each wait is drawn at random (full jitter).
const WAIT_MS: std::ops::RangeInclusive<u64> = 10..=160;

impl Store for Table {
    async fn read(&self, wants: &[Want<'_>]) -> Result<Snapshot, Problem> {
        read::read(self, wants).await
    }

    async fn commit(
        &self,
        ctx: &RequestContext,
        step: &str,
        changes: Vec<Change>,
    ) -> Result<(), CommitError> {
        let (guards, writes): (Vec<Guard>, Vec<_>) = changes
            .iter()
            .map(|change| member(&self.name, change))
            .map(|Member { guard, write }| (guard, write))
            .unzip();
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(writes))
            // The same for every try: DynamoDB does not repeat a write whose reply was lost.
            .client_request_token(request_token(&ctx.id, step));
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(wait(attempt)).await;
            }
            let error = match request.clone().send().await {
                Ok(_) => return Ok(()),
                Err(error) => error.into_service_error(),
            };
            match judge(&error, &guards) {
                Judgement::Refused(refused) => return Err(refused),
                Judgement::Conflict => {}
                Judgement::Broken => {
                    tracing::error!(
                        event = "tableUnavailable",
                        outcome = "unavailable",
                        operation = "TransactWriteItems",
                        write = step,
                        cause = error.code().unwrap_or("noAnswer")
                    );
                    return Err(CommitError::Unavailable);
                }
            }
        }
        tracing::warn!(
            event = "tableConflict",
            outcome = "unavailable",
            write = step,
            tries = TRIES
        );
        Err(CommitError::Unavailable)
    }

    async fn remember_sent(&self, id: &MessageId, sent: &SentMessage) -> Result<(), Problem> {
        let put = self.client.put_item().table_name(&self.name).set_item(Some(sent_item(id, sent)));
        put.send()
            .await
            .map(|_| ())
            .map_err(|error| read::unavailable("PutItem", error.into_service_error().meta()))
    }

    async fn count_failed_sign_in(
        &self,
        source: &str,
        stale: &[i64],
        now: Time,
    ) -> Result<(), Problem> {
        let count = source::failed_sign_in_count(self, source, stale, now);
        count
            .send()
            .await
            .map(|_| ())
            .map_err(|error| read::unavailable("UpdateItem", error.into_service_error().meta()))
    }

    async fn terms(&self, version: u64) -> Result<Arc<Terms>, Problem> {
        terms::terms(self, version).await
    }
}

/// What a failed transaction means.
enum Judgement {
    /// A condition failed.
    Refused(CommitError),
    /// It conflicted with another write, or was throttled: try again.
    Conflict,
    /// The table failed in any other way.
    Broken,
}

fn judge(error: &TransactWriteItemsError, guards: &[Guard]) -> Judgement {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        return match error.code() {
            Some("TransactionConflictException" | "TransactionInProgressException") => {
                Judgement::Conflict
            }
            _ => Judgement::Broken,
        };
    };
    let reasons = cancelled.cancellation_reasons();
    let code = |reason: &CancellationReason| reason.code().unwrap_or("None").to_owned();
    let failed: Vec<usize> =
        (0..reasons.len()).filter(|i| code(&reasons[*i]) == "ConditionalCheckFailed").collect();
    if !failed.is_empty() {
        // A failed condition beside a conflict is a refusal too: a flow that can
        // decide anew reads again.
        let old = failed
            .iter()
            .find(|i| guards.get(**i) == Some(&Guard::Ledger))
            .and_then(|i| reasons[*i].item.clone());
        return Judgement::Refused(CommitError::Refused {
            guards: failed.iter().filter_map(|i| guards.get(*i).copied()).collect(),
            ledger: old
                .filter(|item| !item.is_empty())
                .and_then(|item| ledger(item).ok())
                .map(Box::new),
        });
    }
    let retryable =
        ["None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    match reasons.iter().all(|reason| retryable.contains(&code(reason).as_str())) {
        true => Judgement::Conflict,
        false => Judgement::Broken,
    }
}

/// The token of one step of one request: 36 characters, DynamoDB's maximum.
fn request_token(id: &str, step: &str) -> String {
    BASE64.encode(Sha256::digest(format!("{step} {id}")))[..36].to_owned()
}

/// The wait before a try; 1 is the first repetition.
fn wait(attempt: u32) -> Duration {
    let most = (WAIT_MS.start() << attempt).min(*WAIT_MS.end());
    let drawn = getrandom::u64().unwrap_or(most);
    Duration::from_millis(WAIT_MS.start() + drawn % (most - WAIT_MS.start() + 1))
}
