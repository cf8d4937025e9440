//! How each kind of function runs.

use crate::host::{Host, aws};
use crate::http::edge;
use crate::http::event::{direct, gateway};
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
pub fn serve(routes: fn() -> Routes) -> Result<(), Error> {
    start(async |aws| {
        let app = edge::wrap(routes(), Arc::new(Host::from_env(&aws)?));
        lambda_runtime::run(service_fn(|event| gateway::answer(app.clone(), event))).await
    })
}

/// Serves a function's routes and, beside them, direct invocations.
pub fn serve_with_direct(routes: fn() -> Routes) -> Result<(), Error> {
    start(async |aws| {
        let host = Arc::new(Host::from_env(&aws)?);
        let app = edge::wrap(routes(), host.clone());
        lambda_runtime::run(service_fn(|event| direct::answer(host.clone(), app.clone(), event)))
            .await
    })
}

/// Serves pages: without settings, keys or a table, since nobody's data is asked for.
pub fn serve_pages(files: &'static [portal::File]) -> Result<(), Error> {
    let app = portal::router(files, Metrics::from_env());
    run(async {
        lambda_runtime::run(service_fn(|event| gateway::answer(app.clone(), event))).await
    })
}

/// Serves the outbox's stream and its re-drive: the only function that sends.
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

/// Serves what the channels say of messages they took.
pub fn serve_delivery_events() -> Result<(), Error> {
    start(async |aws| {
        let host = &Host::from_env(&aws)?;
        lambda_runtime::run(service_fn(async |event: LambdaEvent<Box<RawValue>>| {
            crate::delivery_events::handle(host, &event.context.request_id, &event.payload).await
        }))
        .await
    })
}

/// Serves the rotation of the keys. The secret's name is all it is told.
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

/// Reads the environment, and runs until the sandbox ends.
fn start<F: Future<Output = Result<(), Error>>>(
    serve: impl FnOnce(SdkConfig) -> F,
) -> Result<(), Error> {
    run(async { serve(aws()?).await })
}

/// Starts the log, and runs on one thread: a sandbox has one request at a time.
fn run(serve: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    log::init();
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(serve)
}
