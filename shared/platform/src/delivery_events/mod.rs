//! What SES and SNS say of a message after they took it: from an event to the
//! method that is marked. [`event`] reads them, [`logs`] unpacks those that
//! come by way of a log.
//!
//! Other senders of the same account are in these events too, so a message
//! that nobody knows is nothing special. They come seconds after the send or
//! later, and what leads from a message to its account is written in the same
//! breath as the channel's answer; one that overtook it would be lost.

mod event;
mod logs;

use crate::host::Host;
use crate::log;
use crate::metrics::{Line, milliseconds};
use domain::audit::SupportCode;
use domain::delivery::{MessageId, Returned};
use domain::flow::delivery_events::mark_undeliverable::{Marked, mark_undeliverable};
use lambda_runtime::Error;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Instant;

/// What one message came to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nothing will arrive at its address.
    Returned(MessageId, Returned),
    /// It did not arrive, and another may.
    Passing(Passing),
    /// It is none of ours to judge: delivered, sent, a test of the line.
    Nothing,
}

/// Why a message did not arrive, where that says nothing of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    /// A full mailbox, a server that is down, a phone that is off.
    Transient,
    /// A complaint that is none.
    NotOfTheAddress,
    /// SES found the message itself at fault.
    Rejected,
    RenderingFailed,
    /// SNS or the carrier found the message itself at fault, or too dear.
    MessageRefused,
}

/// What cannot be read.
#[derive(Debug)]
struct Malformed;

/// What an invocation did, counted by message.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryAnswer {
    marked: u32,
    /// Known, and marked before, moved on, or of another address by now.
    unchanged: u32,
    passing: u32,
    unknown: u32,
    malformed: u32,
}

/// Handles an event, whatever it holds.
///
/// # Errors
/// Where the table or the keys did not answer: the event is to come again, and
/// what it did does not happen twice.
pub async fn handle(host: &Host, request: &str, event: &RawValue) -> Result<DeliveryAnswer, Error> {
    log::within(request, async {
        let began = Instant::now();
        let answer = mark(host, request, event).await;
        let line = Line::default().latency(milliseconds(began));
        host.metrics.write(line, request, host.clock.now());
        answer
    })
    .await
}

async fn mark(host: &Host, request: &str, event: &RawValue) -> Result<DeliveryAnswer, Error> {
    let mut done = DeliveryAnswer::default();
    let mut unavailable = false;
    for outcome in event::read(event) {
        match outcome {
            Ok(Outcome::Nothing) => {}
            Ok(Outcome::Passing(why)) => {
                done.passing += 1;
                tracing::info!(event = "transientDeliveryFailure", outcome = "passing", cause = ?why);
            }
            Ok(Outcome::Returned(id, returned)) => {
                let ctx = host.task_context(request, "returned");
                let marked =
                    mark_undeliverable(&host.store, &*host.ring, &ctx, &id, returned).await;
                let Ok((marked, support_code)) = marked else {
                    unavailable = true;
                    continue;
                };
                let support_code = support_code.as_ref().map(SupportCode::as_str);
                tracing::info!(event = "messageReturned", outcome = marked.as_str(), supportCode = support_code, cause = ?returned);
                match marked {
                    Marked::Marked => done.marked += 1,
                    Marked::Already | Marked::Moved => done.unchanged += 1,
                    Marked::Unknown => done.unknown += 1,
                }
            }
            Err(Malformed) => {
                done.malformed += 1;
                tracing::warn!(event = "deliveryUnreadable", outcome = "ignored");
            }
        }
    }
    match unavailable {
        false => Ok(done),
        true => Err("the table did not answer".into()),
    }
}
