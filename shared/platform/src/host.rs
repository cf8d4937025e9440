//! Builds what every function needs: environment -> settings -> clients, once per
//! cold start. No AWS service is called before the first request.

use crate::connect;
use crate::dynamodb::Table;
use crate::hasher::Argon2Hasher;
use crate::metrics::Metrics;
use crate::secrets::SecretRing;
use crate::settings::Settings;
use crate::system::{OsEntropy, SystemClock};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::sdk_config::Builder as AwsBuilder;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use domain::access::Access;
use domain::context::{Clock, Entropy, RequestContext, random};
use domain::secret::random_text;
use lambda_runtime::Error;
use std::sync::Arc;
use std::time::Duration;

/// Tries of one AWS call, the first included. Conditions and tokens make a
/// repeated call harmless.
const ATTEMPTS: u32 = 3;
/// The SDK's first wait between tries; the wait doubles. With the default of one
/// second, a person would wait longer than by asking again.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// Longest time of one try. It leaves time for another if an answer is lost.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// Longest time of one AWS call with all tries. The gateway waits 30 s for a
/// request, which makes several calls.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings and ports of this process.
pub struct Host {
    /// The operator's settings.
    pub settings: Settings,
    /// The table.
    pub store: Table,
    /// The keys.
    pub ring: Arc<SecretRing>,
    /// Hashes and checks passwords.
    pub hasher: Argon2Hasher,
    /// Writes metrics.
    pub metrics: Metrics,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Host {
    /// Ports over an AWS configuration, with these metrics, clock and randomness. No
    /// service is called.
    pub fn new(
        settings: Settings,
        aws: &SdkConfig,
        metrics: Metrics,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Host {
        let secrets = aws_sdk_secretsmanager::Client::new(aws);
        let ring = Arc::new(SecretRing::new(secrets, settings.secret_id.clone(), clock.clone()));
        Host {
            store: Table::new(aws_sdk_dynamodb::Client::new(aws), settings.table.clone()),
            hasher: Argon2Hasher::new(ring.clone()),
            ring,
            metrics,
            clock,
            entropy,
            settings,
        }
    }

    /// The context of an invocation that came through no gateway: it has no
    /// source, and no session may use it.
    pub(crate) fn context(&self, id: String) -> RequestContext {
        RequestContext {
            id,
            now: self.clock.now(),
            access: Access::Anyone,
            source: String::new(),
            source_limit: 0,
            idempotency: None,
            entropy: self.entropy.clone(),
        }
    }

    /// The context of one of several tasks of an invocation. Each has an ID of
    /// its own, since a retried invocation keeps its ID.
    pub(crate) fn task_context(&self, invocation: &str, task: &str) -> RequestContext {
        let random = random_text(random::<6>(&*self.entropy));
        self.context(format!("{invocation}-{task}-{random}"))
    }

    /// Ports with the settings of the environment, the real clock and real
    /// randomness.
    pub(crate) fn from_env(aws: &SdkConfig) -> Result<Host, Error> {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
        Ok(Host::new(Settings::from_env()?, aws, Metrics::from_env(), clock, entropy))
    }
}

/// The configuration of all clients, read from the environment that Lambda sets.
/// The SDK's default would also try profiles, the metadata service and STS: a
/// function has none of them, and they would make the program larger.
pub(crate) fn aws() -> Result<SdkConfig, Error> {
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

/// Reads `AWS_ENDPOINT_URL_…` of each service, as every AWS SDK does.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        std::env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// Adds what all clients share, in AWS and in tests: the HTTP client, the number
/// of tries and the timeouts.
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
