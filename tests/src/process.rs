//! Processes of the functions, with the clock and the randomness of the test.

use crate::caller::naming_the_function;
use crate::lines;
use crate::proxy::Proxy;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use axum::Router;
use domain::context::{Clock, Entropy};
use domain::time::{Span, Time};
use platform::hasher::Argon2Hasher;
use platform::host::Host;
use platform::http::route::Routes;
use platform::http::routes::API;
use platform::send::Channels;
use platform::settings::Settings;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

type RoutesOf = fn() -> Routes;

/// The functions that serve the API: name and routes.
pub static FUNCTIONS: LazyLock<Vec<(&'static str, RoutesOf)>> =
    LazyLock::new(|| API.iter().map(|routes| (routes().function, *routes)).collect());

/// The memory of a password hash in most tests, in KiB. With that of production, hashes took 62 %
/// of the CPU time of the suite. Tests of hashes, and all that run the functions as programs, hash
/// as in production.
pub(crate) const HASH_MEMORY: u32 = 64;

/// The timeout of a call to the emulator.
const PATIENCE: Duration = Duration::from_secs(120);

/// One process with all functions.
pub(crate) struct Running {
    pub(crate) host: Arc<Host>,
    pub(crate) channels: Channels,
    pub(crate) functions: BTreeMap<&'static str, Router>,
}

impl Running {
    pub(crate) async fn start(
        proxy: &Proxy,
        settings: Settings,
        hash_memory: Option<u32>,
        clock: Arc<ManualClock>,
        entropy: Arc<dyn Entropy>,
    ) -> Running {
        let credentials = Credentials::new("id", "secret", None, None, "tests");
        let builder = SdkConfig::builder()
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(proxy.endpoint());
        // Two hundred concurrent requests may be slow on a busy machine. Tests check
        // limits, not speed.
        let patient = TimeoutConfig::builder()
            .operation_attempt_timeout(PATIENCE)
            .operation_timeout(PATIENCE)
            .build();
        let aws = platform::host::configure(builder).timeout_config(patient).build();
        let client = naming_the_function(aws.http_client().expect("a client"));
        let aws = aws.into_builder().http_client(client).build();
        let channels = Channels::new(&aws, &settings);
        let host = Host::new(settings, &aws, lines::metrics(), clock, entropy);
        let host = Arc::new(match hash_memory {
            Some(memory) => {
                let hasher = Argon2Hasher::new(host.ring.clone()).with_memory(memory);
                Host { hasher, ..host }
            }
            None => host,
        });
        let wrap = |(name, routes): &(&'static str, RoutesOf)| {
            (*name, platform::http::edge::wrap(routes(), host.clone()))
        };
        Running { functions: FUNCTIONS.iter().map(wrap).collect(), channels, host }
    }
}

/// A clock that only the test moves.
pub struct ManualClock {
    now: AtomicI64,
    waits: Mutex<Vec<Duration>>,
}

impl ManualClock {
    pub(crate) fn at(begin: Time) -> ManualClock {
        ManualClock { now: AtomicI64::new(begin.0), waits: Mutex::default() }
    }
    /// Moves the clock forward.
    pub fn pass(&self, span: Span) {
        self.now.fetch_add(span.0, Ordering::SeqCst);
    }
    /// Returns how long requests waited since the last time.
    pub fn take_waits(&self) -> Vec<Duration> {
        std::mem::take(&mut self.waits.lock().expect("not poisoned"))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        Time(self.now.load(Ordering::SeqCst))
    }
    /// Records the wait, and does not wait.
    fn wait(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.waits.lock().expect("not poisoned").push(duration);
        Box::pin(std::future::ready(()))
    }
}

/// A source of random bytes that are the same in every run.
pub(crate) struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    pub(crate) fn new() -> SeededEntropy {
        SeededEntropy(AtomicU64::new(1))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) {
        for part in out.chunks_mut(32) {
            let block = Sha256::digest(self.0.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            part.copy_from_slice(&block[..part.len()]);
        }
    }
}
