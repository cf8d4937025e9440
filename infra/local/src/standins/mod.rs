//! Local stand-ins for SES, SNS and Secrets Manager. They share one port with the
//! [inbox](crate::inbox) and use the wire formats of the real services.

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

/// The running stand-ins. Dropping them stops the server.
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
    /// Starts the stand-ins on a port of the loopback interface (any free one for
    /// `None`). Secrets Manager returns `secret` for [`crate::secrets::SECRET_ID`]
    /// until a rotation; an empty `secret` means that there is none. Must be called
    /// inside a Tokio runtime.
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
                // The server stops at once: a request of the inbox page may wait
                // for half a minute.
                _ = axum::serve(listener, app) => {}
                _ = stopped => {}
            }
        });
        Ok(Self { inbox, secret, reports: Some(receiver), address, stop, server })
    }

    /// Returns the URL for `AWS_ENDPOINT_URL_SNS`, `_SESV2` and `_SECRETS_MANAGER`,
    /// which is also that of the inbox page.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the messages that were sent.
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Saves the secret to a file when it is rotated.
    pub fn keep_secret_in(&self, file: PathBuf) {
        self.secret.keep(file);
    }

    /// Returns the receiver of delivery events: Lambda events for `delivery-events`
    /// about messages that SES or SNS accepted and could not deliver.
    ///
    /// # Panics
    /// When called twice: there is only one receiver.
    pub fn reports(&mut self) -> UnboundedReceiver<Value> {
        self.reports.take().expect("the reports are asked for once")
    }

    /// Makes the next send on `channel` fail.
    pub fn fail_next(&self, channel: Channel, failure: Failure) {
        self.inbox.fail_next(channel, failure);
    }

    /// Stops the server.
    pub async fn shutdown(self) {
        drop(self.stop);
        let _ = self.server.await;
    }
}

/// Routes a request to SNS or Secrets Manager. Both use `POST /`; Secrets Manager
/// names its operation in a header.
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

/// Generates an ID in the format of an AWS request ID.
fn request_id() -> String {
    let mut bytes = [0; 16];
    // A failure leaves zeroes, which are fine here: no caller relies on the ID.
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
