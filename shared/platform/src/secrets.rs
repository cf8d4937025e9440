//! The key ring: the keys from one secret in Secrets Manager. They are read at first use,
//! every ten minutes, and when a key generation is unknown. There is no other source of
//! keys and no default; in local development a stand-in serves the secret.

use domain::context::Clock;
use domain::error::Problem;
use domain::key::{KeyId, Keys};
use domain::port::KeyRing;
use domain::time::{Span, Time};
use std::sync::Arc;
use tokio::sync::RwLock;

/// The keys of this process, shared by all its requests.
pub struct SecretRing {
    client: aws_sdk_secretsmanager::Client,
    secret_id: String,
    clock: Arc<dyn Clock>,
    held: RwLock<Option<Held>>,
}

/// The keys that were last read.
struct Held {
    keys: Arc<Keys>,
    read: Time,
    /// The secret is not read again before this time.
    again: Time,
}

/// The age at which keys are read again. A process may run for hours, and should not use a
/// leaked key for that long.
pub const READ_AGAIN: Span = Span::minutes(10);
/// The wait after a read that lacked the wanted generation. A caller can invent generation
/// numbers, so this limits the reads they cause. Until then the secret has no such generation.
const AFTER_UNKNOWN: Span = Span::seconds(60);
/// The wait after a failed read for a wanted generation. It is short, since the generation
/// may exist.
const AFTER_FAILURE: Span = Span::seconds(5);
/// The wait after a failed read that was due only by age. The old keys still work, and each
/// read without a response costs a request five seconds.
const AFTER_FAILURE_OF_AGE: Span = Span::seconds(60);

impl Held {
    /// Whether the keys include the wanted generation or, if none is wanted, are new enough.
    fn serves(&self, wanted: Option<KeyId>, now: Time) -> bool {
        match wanted {
            Some(kid) => self.keys.generation(kid).is_some(),
            None => now - self.read < READ_AGAIN,
        }
    }
}

impl SecretRing {
    /// Creates a key ring that reads the secret of this name or ARN at first use.
    pub fn new(
        client: aws_sdk_secretsmanager::Client,
        secret_id: String,
        clock: Arc<dyn Clock>,
    ) -> SecretRing {
        SecretRing { client, secret_id, clock, held: RwLock::new(None) }
    }

    /// Reads the secret, unless another request read it or tried to while this one waited
    /// for the lock. If reading fails, the old keys stay in use. Returns the keys, and when they
    /// were read.
    async fn read(&self, wanted: Option<KeyId>) -> Result<(Arc<Keys>, Time), Problem> {
        let mut slot = self.held.write().await;
        let now = self.clock.now();
        if let Some(held) =
            slot.as_ref().filter(|held| held.serves(wanted, now) || now < held.again)
        {
            return Ok((held.keys.clone(), held.read));
        }
        match (self.fetch().await, slot.as_mut()) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                let held = Held { keys: keys.clone(), read: now, again: now };
                let again = if held.serves(wanted, now) { now } else { now + AFTER_UNKNOWN };
                *slot = Some(Held { again, ..held });
                Ok((keys, now))
            }
            (Err(_), Some(held)) => {
                // The wait counts from now, since the failed read took time.
                held.again = self.clock.now()
                    + if wanted.is_some() { AFTER_FAILURE } else { AFTER_FAILURE_OF_AGE };
                Ok((held.keys.clone(), held.read))
            }
            (Err(problem), None) => Err(problem),
        }
    }

    /// Gets the secret from Secrets Manager. Failures are logged.
    async fn fetch(&self) -> Result<Keys, Problem> {
        let answer =
            self.client.get_secret_value().secret_id(&self.secret_id).send().await.map_err(
                |error| {
                    tracing::error!(
                        event = "secretUnreadable",
                        outcome = "unavailable",
                        cause = error.into_service_error().meta().code().unwrap_or("noAnswer")
                    );
                    Problem::unavailable()
                },
            )?;
        Keys::parse(answer.secret_string().unwrap_or_default()).map_err(|error| {
            tracing::error!(event = "secretInvalid", outcome = "unavailable", cause = %error);
            Problem::unavailable()
        })
    }
}

impl KeyRing for SecretRing {
    async fn keys(&self) -> Result<Arc<Keys>, Problem> {
        let now = self.clock.now();
        if let Some(held) = self.held.read().await.as_ref().filter(|held| held.serves(None, now)) {
            return Ok(held.keys.clone());
        }
        self.read(None).await.map(|(keys, _)| keys)
    }

    async fn keys_with(&self, kid: KeyId) -> Result<Option<Arc<Keys>>, Problem> {
        let keys = self.keys().await?;
        // A removed old generation does not come back: the secret is read again only for
        // one that may be newer.
        if !keys.may_follow(kid) {
            return Ok(keys.generation(kid).is_some().then_some(keys));
        }
        let (keys, read) = self.read(Some(kid)).await?;
        match keys.generation(kid) {
            Some(_) => Ok(Some(keys)),
            None if self.clock.now() - read < AFTER_UNKNOWN => Ok(None),
            None => Err(Problem::unavailable()),
        }
    }
}
