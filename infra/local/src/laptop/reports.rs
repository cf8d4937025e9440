//! Does the work of EventBridge and CloudWatch Logs: brings the reports of SES
//! and SNS on a message to `delivery-events`.

use std::{convert::Infallible, future::pending, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Lambda, functions::DELIVERY_EVENTS, say};

/// How long after the send a report arrives. On AWS it takes seconds at least:
/// by then the message's owner is recorded.
const LATER: Duration = Duration::from_secs(1);

/// Brings each report once; a report that fails is printed as a warning and
/// dropped.
pub(super) async fn run(mut reports: UnboundedReceiver<Value>, lambda: &Lambda) -> Infallible {
    while let Some(event) = reports.recv().await {
        tokio::time::sleep(LATER).await;
        if let Err(error) = lambda.invoke(DELIVERY_EVENTS, &event).await {
            say!("warning: a bounce was not brought to {DELIVERY_EVENTS}: {error:#}");
        }
    }
    pending().await
}
