//! Passes the delivery events of the SES and SNS stand-ins to `delivery-events`, as
//! EventBridge and CloudWatch Logs do on AWS.

use std::{convert::Infallible, future::pending, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Lambda, functions::DELIVERY_EVENTS, say};

/// The delay between a send and its delivery event. On AWS it is at least seconds,
/// and by then `send-code` has recorded which account the message was sent for.
const LATER: Duration = Duration::from_secs(1);

/// Passes each delivery event on once. An event that fails is printed as a warning and dropped.
pub(super) async fn run(mut reports: UnboundedReceiver<Value>, lambda: &Lambda) -> Infallible {
    while let Some(event) = reports.recv().await {
        tokio::time::sleep(LATER).await;
        if let Err(error) = lambda.invoke(DELIVERY_EVENTS, &event).await {
            say!("warning: a bounce was not brought to {DELIVERY_EVENTS}: {error:#}");
        }
    }
    pending().await
}
