//! What every function starts with: environment -> settings -> clients, once
//! per cold start. Nothing is called before the first request.

use crate::connect;
use crate::dynamodb::Table;
use crate::http::edge;
use crate::http::event::{direct, gateway};
use crate::http::routes::portal;
use crate::log;
use crate::rotation::{RotationEvent, rotate};
use crate::secrets::SecretRing;
use crate::send::Channels;
use crate::settings::Settings;
use crate::system::{Argon2Hasher, OsEntropy, SystemClock};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::sdk_config::Builder as AwsBuilder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use axum::Router;
use domain::port::{Call, Clock, Entropy, random};
use domain::secret::random_text;
pub use lambda_runtime::Error;
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::value::RawValue;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// Tries of one AWS call, the first included. Conditions and tokens make a
/// repetition harmless.
const ATTEMPTS: u32 = 3;
/// The SDK's first wait between tries, which doubles. Its default of a second
/// would cost a person more than asking again does.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// The longest one try of it may take: a lost answer leaves time for another.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// The longest one AWS call may take, tries included: well below the
/// gateway's 30 s, with several calls to a request.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The ports of this process.
pub struct Host {
    pub settings: Settings,
    pub store: Table,
    pub ring: Arc<SecretRing>,
    pub hasher: Argon2Hasher,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

impl Host {
    /// Ports over an AWS configuration, with this clock and this randomness.
    pub fn new(
        settings: Settings,
        aws: &SdkConfig,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Host {
        let secrets = aws_sdk_secretsmanager::Client::new(aws);
        let ring = Arc::new(SecretRing::new(secrets, settings.secret_id.clone(), clock.clone()));
        Host {
            store: Table::new(aws_sdk_dynamodb::Client::new(aws), settings.table.clone()),
            hasher: Argon2Hasher::new(ring.clone()),
            ring,
            clock,
            entropy,
            settings,
        }
    }

    /// The call of an invocation that no gateway made: nobody's address counts.
    pub(crate) fn call(&self, id: String) -> Call {
        Call { id, now: self.clock.now(), source: String::new(), source_limit: 0, repeatable: None }
    }

    /// The same for one of several things that an invocation does. What comes
    /// again may come under the same request.
    pub(crate) fn call_of(&self, request: &str, name: &str) -> Call {
        self.call(format!("{request}-{name}-{}", random_text(random::<6>(&self.entropy))))
    }

    fn from_env(aws: &SdkConfig) -> Result<Host, Error> {
        Ok(Host::new(Settings::from_env()?, aws, Arc::new(SystemClock), Arc::new(OsEntropy)))
    }
}

/// The configuration that all clients share, read from the environment that
/// Lambda sets. Nothing else is asked: no profile, no metadata service, no STS,
/// none of which a function has, and all of which would be part of it.
fn aws() -> Result<SdkConfig, Error> {
    let variable = |name| {
        std::env::var(name).map_err(|_| format!("the environment variable {name} is missing"))
    };
    let (id, key) = (variable("AWS_ACCESS_KEY_ID")?, variable("AWS_SECRET_ACCESS_KEY")?);
    let credentials =
        Credentials::new(id, key, std::env::var("AWS_SESSION_TOKEN").ok(), None, "environment");
    let builder = SdkConfig::builder()
        .region(Region::new(variable("AWS_REGION")?))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .service_config(Endpoints);
    Ok(configure(builder).build())
}

/// `AWS_ENDPOINT_URL_…` of each service, as every AWS SDK reads it.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        std::env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// What every client has, in AWS and in tests: one way to connect, few tries,
/// a bound on time.
pub fn configure(builder: AwsBuilder) -> AwsBuilder {
    builder
        .behavior_version(BehaviorVersion::latest())
        .http_client(connect::client())
        .retry_config(
            RetryConfig::standard().with_max_attempts(ATTEMPTS).with_initial_backoff(FIRST_BACKOFF),
        )
        .timeout_config(
            TimeoutConfig::builder()
                .operation_attempt_timeout(ATTEMPT_TIMEOUT)
                .operation_timeout(CALL_TIMEOUT)
                .build(),
        )
}

/// Serves a function's routes.
pub fn serve(routes: fn(Arc<Host>) -> Router) -> Result<(), Error> {
    start(async |aws| {
        let app = edge::wrap(routes, Arc::new(Host::from_env(&aws)?));
        lambda_runtime::run(service_fn(|event| gateway::answer(app.clone(), event))).await
    })
}

/// Serves a function's routes and, beside them, direct invocations.
pub fn serve_with_direct(routes: fn(Arc<Host>) -> Router) -> Result<(), Error> {
    start(async |aws| {
        let host = Arc::new(Host::from_env(&aws)?);
        let app = edge::wrap(routes, host.clone());
        lambda_runtime::run(service_fn(|event| direct::answer(host.clone(), app.clone(), event)))
            .await
    })
}

/// Serves pages: without settings, keys or a table, since nobody's data is asked for.
pub fn serve_pages(files: &'static [portal::File]) -> Result<(), Error> {
    let app = portal::routes(files);
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
            crate::delivery::handle(host, &event.context.request_id, &event.payload).await
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
