//! What EventBridge and CloudWatch Logs do: they bring what SES and SNS say of
//! a message to `delivery-events`.

use std::{convert::Infallible, future::pending, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{Lambda, functions::DELIVERY_EVENTS, say};

/// How long after the send. On AWS it is seconds at least: by then it is
/// written down whose message it was.
const LATER: Duration = Duration::from_secs(1);

/// Brings each report once; what fails is told, and gone.
pub(super) async fn run(mut reports: UnboundedReceiver<Value>, lambda: &Lambda) -> Infallible {
    while let Some(event) = reports.recv().await {
        tokio::time::sleep(LATER).await;
        if let Err(error) = lambda.invoke(DELIVERY_EVENTS, &event).await {
            say!("warning: a bounce was not brought to {DELIVERY_EVENTS}: {error:#}");
        }
    }
    pending().await
}
