//! The entry points: the `main` of each function calls one of these.
//!
//! They run until Lambda ends the process. They return an error if a setting is missing or
//! invalid, or if Lambda's runtime fails.

use crate::host::{Host, aws};
use crate::http::edge;
use crate::http::event::{direct, gateway, recover};
use crate::http::route::Routes;
use crate::http::routes::portal;
use crate::log;
use crate::metrics::Metrics;
use crate::rotation::{RotationEvent, rotate};
use crate::send::Channels;
use crate::system::OsEntropy;
use aws_types::SdkConfig;
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use std::future::Future;
use std::sync::Arc;

/// Serves a function's routes.
///
/// # Errors
/// See the module documentation.
pub fn serve(routes: fn() -> Routes) -> Result<(), Error> {
    start(async |aws| {
        let app = edge::wrap(routes(), Arc::new(Host::from_env(&aws)?));
        lambda_runtime::run(service_fn(|event| gateway::answer(app.clone(), event))).await
    })
}

/// Serves a function's routes and direct invocations.
///
/// # Errors
/// See the module documentation.
pub fn serve_with_direct(routes: fn() -> Routes) -> Result<(), Error> {
    start(async |aws| {
        let host = Arc::new(Host::from_env(&aws)?);
        let app = edge::wrap(routes(), host.clone());
        lambda_runtime::run(service_fn(|event| direct::answer(host.clone(), app.clone(), event)))
            .await
    })
}

/// Serves the invocations by operators of the AWS account.
///
/// # Errors
/// See the module documentation.
pub fn serve_recover() -> Result<(), Error> {
    start(async |aws| {
        let host = &Host::from_env(&aws)?;
        lambda_runtime::run(service_fn(async |event| {
            Ok::<_, Error>(recover::answer(host, event).await)
        }))
        .await
    })
}

/// Serves the web pages. They need no settings, keys or table, since they contain no account data.
///
/// # Errors
/// See the module documentation.
pub fn serve_pages(files: &'static [portal::File]) -> Result<(), Error> {
    let app = portal::router(files, Metrics::from_env());
    run(async {
        lambda_runtime::run(service_fn(|event| gateway::answer(app.clone(), event))).await
    })
}

/// Serves the outbox stream, the re-drive and the measurement, for the only function that
/// sends messages.
///
/// # Errors
/// See the module documentation.
pub fn serve_stream() -> Result<(), Error> {
    start(async |aws| {
        let host = Host::from_env(&aws)?;
        let channels = Channels::new(&aws, &host.settings);
        let (host, channels) = (&host, &channels);
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
            crate::stream::answer(host, channels, &event.context.request_id, &event.payload).await
        }))
        .await
    })
}

/// Serves the delivery events of SES and SNS.
///
/// # Errors
/// See the module documentation.
pub fn serve_delivery_events() -> Result<(), Error> {
    start(async |aws| {
        let host = &Host::from_env(&aws)?;
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
            crate::delivery_events::handle(host, &event.context.request_id, &event.payload).await
        }))
        .await
    })
}

/// Runs the rotation of the keys. Its only setting is the name of the secret.
///
/// # Errors
/// See the module documentation.
pub fn serve_rotation() -> Result<(), Error> {
    start(async |aws| {
        let secret = std::env::var("LATCHKEY_SECRET_ID")
            .map_err(|_| "the environment variable LATCHKEY_SECRET_ID is missing")?;
        let client = aws_sdk_secretsmanager::Client::new(&aws);
        let (client, secret) = (&client, secret.as_str());
        lambda_runtime::run(service_fn(async |event: LambdaEvent<RotationEvent>| {
            let LambdaEvent { payload, context } = event;
            Ok::<_, Error>(
                log::within(&context.request_id, rotate(client, secret, &OsEntropy, payload))
                    .await?,
            )
        }))
        .await
    })
}

/// Reads the AWS settings from the environment, and runs until Lambda ends the process.
fn start<F: Future<Output = Result<(), Error>>>(
    serve: impl FnOnce(SdkConfig) -> F,
) -> Result<(), Error> {
    run(async { serve(aws()?).await })
}

/// Starts logging and runs on one thread, since a Lambda process serves one request at a time.
fn run(serve: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    log::init();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve)
}
