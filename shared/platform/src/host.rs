//! Builds the settings and clients of a function once per cold start, from its environment.
//! AWS services are first called by the first request.

use crate::breached::RangeService;
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
use domain::device::SentDevices;
use domain::secret::random_text;
use domain::source::SourceLimits;
use lambda_runtime::Error;
use std::sync::Arc;
use std::time::Duration;

/// The most tries of one AWS call, including the first. Write conditions and request tokens
/// make a repeated call harmless.
const ATTEMPTS: u32 = 3;
/// The SDK's first wait between tries; each further wait is twice as long. With the SDK's
/// default of one second, a person would wait longer than by trying again.
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
/// The longest time of one try. It leaves time for another try if a response is lost.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1500);
/// The longest time of one AWS call with all its tries. The gateway waits 30 s for a
/// request, which makes several calls.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// The settings and ports of this process.
pub struct Host {
    /// The operator's settings.
    pub settings: Settings,
    /// The DynamoDB table.
    pub store: Table,
    /// The key ring.
    pub ring: Arc<SecretRing>,
    /// The password hasher.
    pub hasher: Argon2Hasher,
    /// The service for breached passwords.
    pub breached: RangeService,
    /// The writer of metrics.
    pub metrics: Metrics,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The source of random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl Host {
    /// Creates the ports from an AWS configuration, with these metrics, clock and
    /// randomness. Calls no AWS service.
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
            breached: RangeService::new(settings.breached.clone()),
            ring,
            metrics,
            clock,
            entropy,
            settings,
        }
    }

    /// Creates the context of an invocation that did not come through the gateway: it has
    /// no source address, and no session may use it.
    pub(crate) fn context(&self, id: String) -> RequestContext {
        RequestContext {
            id,
            now: self.clock.now(),
            access: Access::Anyone,
            source: String::new(),
            source_limits: SourceLimits::default(),
            idempotency: None,
            devices: SentDevices::default(),
            entropy: self.entropy.clone(),
        }
    }

    /// Creates the context of one of several tasks of an invocation. Each task has its own
    /// ID, since a retried invocation keeps its ID.
    pub(crate) fn task_context(&self, invocation: &str, task: &str) -> RequestContext {
        let random = random_text(random::<6>(&*self.entropy));
        self.context(format!("{invocation}-{task}-{random}"))
    }

    /// Creates the ports with the settings from the environment, the system clock and the
    /// system's randomness.
    pub(crate) fn from_env(aws: &SdkConfig) -> Result<Host, Error> {
        let (clock, entropy) = (Arc::new(SystemClock), Arc::new(OsEntropy));
        Ok(Host::new(Settings::from_env()?, aws, Metrics::from_env(), clock, entropy))
    }
}

/// Returns the configuration of all AWS clients, from the environment that Lambda sets. The
/// SDK's default would also try profiles, the metadata service and STS: a function has none
/// of them, and they would make the program larger.
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

/// Reads the variables `AWS_ENDPOINT_URL_…` for each service, as every AWS SDK does.
#[derive(Debug)]
struct Endpoints;

impl LoadServiceConfig for Endpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        std::env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// Adds the settings that all clients share, on AWS and in tests: the HTTP client, the
/// number of tries and the timeouts.
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
