//! Marks a method as undeliverable when SES or SNS reports that a message could not be
//! delivered. [`event`] reads the delivery events, [`logs`] unpacks those from a log.
//!
//! A delivery event contains a message ID but no account; the item `SENT` maps the ID to
//! the account. An unknown message is normal, since other senders may use the same AWS
//! account. `send-code` writes `SENT` as soon as the channel has accepted the message.
//! Delivery events arrive seconds later at the earliest; one that arrives before the item
//! is written is ignored.

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

/// The content of a delivery event about one message.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// The address receives no messages any more.
    Returned(MessageId, Returned),
    /// The message did not arrive, but a later one may.
    Passing(Passing),
    /// No action needed: sent, delivered, opened.
    Nothing,
}

/// Why a message did not arrive, for reasons that do not show that the address is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Passing {
    /// A temporary fault, such as a full mailbox, a server that is down, or a phone that is off.
    Transient,
    /// A complaint event without a complaint by a recipient.
    NotOfTheAddress,
    /// SES refused the message itself.
    Rejected,
    RenderingFailed,
    /// SNS or the carrier refused the message itself, or its price.
    MessageRefused,
}

/// The error for an event, or a part of one, that cannot be read.
#[derive(Debug)]
struct Malformed;

/// The result of an invocation: counts of messages.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryAnswer {
    marked: u32,
    /// The method was marked before, or has another address now, or was verified again.
    unchanged: u32,
    passing: u32,
    unknown: u32,
    malformed: u32,
}

/// Handles a delivery event. Unreadable parts are logged and counted.
///
/// # Errors
/// If the table or the keys are unavailable. Lambda then retries the event; handling it
/// twice does no harm.
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
