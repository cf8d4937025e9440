//! Stand-ins for the AWS services that a laptop does not have. They share one
//! port with the [inbox](crate::inbox) and speak the wire formats of the real
//! services.

mod guard;
mod reports;
mod secrets_manager;
mod ses;
mod sns;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Bytes,
    extract::{FromRef, State},
    http::HeaderMap,
    middleware,
    response::Response,
    routing::post,
};
use serde_json::Value;
use tokio::{
    sync::{mpsc::UnboundedReceiver, oneshot},
    task::JoinHandle,
};

use crate::inbox::{self, Channel, Failure, Inbox};
use reports::Reports;
use secrets_manager::Secret;

/// Running stand-ins. Dropping them stops them.
pub struct Standins {
    inbox: Inbox,
    secret: Secret,
    reports: Option<UnboundedReceiver<Value>>,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Services {
    inbox: Inbox,
    reports: Reports,
    secret: Secret,
}

impl FromRef<Services> for Inbox {
    fn from_ref(services: &Services) -> Self {
        services.inbox.clone()
    }
}

impl Standins {
    /// Starts on a port of the loopback interface (any free one for `None`).
    /// `secret` is the value that Secrets Manager returns for
    /// [`crate::secrets::SECRET_ID`] until a rotation; if it is empty, there is
    /// no secret. Must be called inside a Tokio runtime.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn start(port: Option<u16>, secret: String) -> Result<Self> {
        let listener = crate::listen(port).context("the stand-ins' port")?;
        let address = listener.local_addr()?;
        let inbox = Inbox::default();
        let (reports, receiver) = Reports::new();
        let secret = Secret::new(secret);
        let services = Services { inbox: inbox.clone(), reports, secret: secret.clone() };
        let app = Router::new()
            .route("/v2/email/outbound-emails", post(ses::send_email))
            .merge(inbox::api::routes().with_state(inbox.clone()))
            .route("/", post(by_protocol))
            .layer(middleware::from_fn(guard::own_pages_and_tools_only))
            .with_state(services);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            tokio::select! {
                // The server stops at once: a page may wait for messages for
                // half a minute.
                _ = axum::serve(listener, app) => {}
                _ = stopped => {}
            }
        });
        Ok(Self { inbox, secret, reports: Some(receiver), address, stop, server })
    }

    /// The URL for `AWS_ENDPOINT_URL_SNS`, `_SESV2` and `_SECRETS_MANAGER`,
    /// and of the inbox page.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The messages that were sent.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Saves the secret to a file when it is rotated.
    pub fn keep_secret_in(&self, file: PathBuf) {
        self.secret.keep(file);
    }

    /// Reports from SES and SNS about messages that they accepted and could not
    /// deliver, as events for `delivery-events`.
    ///
    /// # Panics
    /// On a second call: the stand-ins have only one receiver to give.
    pub fn reports(&mut self) -> UnboundedReceiver<Value> {
        self.reports.take().expect("the reports are asked for once")
    }

    /// Makes the next send on `channel` fail.
    pub fn fail_next(&self, channel: Channel, failure: Failure) {
        self.inbox.fail_next(channel, failure);
    }

    /// Ends the server.
    pub async fn shutdown(self) {
        drop(self.stop);
        let _ = self.server.await;
    }
}

/// Routes a request to SNS or Secrets Manager. Both post to `/`; Secrets
/// Manager names its operation in a header.
async fn by_protocol(
    State(services): State<Services>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match headers.get("x-amz-target") {
        Some(target) => services.secret.answer(target.as_bytes(), &body),
        None => sns::answer(&services, &body),
    }
}

/// An id in the form of an AWS request id.
fn request_id() -> String {
    let mut bytes = [0; 16];
    // A failure leaves zeroes, which do as well: no caller relies on the id
    // here.
    let _ = getrandom::fill(&mut bytes);
    let n = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        n >> 96,
        n >> 80 & 0xffff,
        n >> 64 & 0xffff,
        n >> 48 & 0xffff,
        n & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests;
