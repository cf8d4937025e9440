//! The key ring: one secret of Secrets Manager, read lazily, now and then
//! again, and once more where a generation is unknown. On a laptop a stand-in
//! answers; there is no other way to get keys, and no default.

use domain::context::Clock;
use domain::error::Problem;
use domain::key::{KeyId, Keys};
use domain::port::KeyRing;
use domain::time::{Span, Time};
use std::sync::Arc;
use tokio::sync::RwLock;

pub struct SecretRing {
    client: aws_sdk_secretsmanager::Client,
    secret_id: String,
    clock: Arc<dyn Clock>,
    held: RwLock<Option<Held>>,
}

/// What was read.
struct Held {
    keys: Arc<Keys>,
    read: Time,
    /// The secret is not read again before this.
    again: Time,
}

/// How long keys are used before they are read again. A process may live for
/// hours, and would go on making codes with a key that has leaked.
pub const READ_AGAIN: Span = Span::minutes(10);
/// How long the secret is left alone after it lacked a generation that was
/// asked for: anybody can make up a number.
const AFTER_UNKNOWN: Span = Span::seconds(60);
/// The same after it could not be read: the generation may be right.
const AFTER_FAILURE: Span = Span::seconds(5);
/// The same where the keys are only old. They serve as well as before, and each
/// reading that nobody answers costs a request five seconds.
const AFTER_FAILURE_OF_AGE: Span = Span::seconds(60);

impl Held {
    /// Whether these keys do: for a generation, or for what is new.
    fn serves(&self, wanted: Option<KeyId>, now: Time) -> bool {
        match wanted {
            Some(kid) => self.keys.generation(kid).is_some(),
            None => now - self.read < READ_AGAIN,
        }
    }
}

impl SecretRing {
    pub fn new(
        client: aws_sdk_secretsmanager::Client,
        secret_id: String,
        clock: Arc<dyn Clock>,
    ) -> SecretRing {
        SecretRing { client, secret_id, clock, held: RwLock::new(None) }
    }

    /// Reads the secret, unless somebody did, or tried, while we waited. The
    /// keys so far stay where that fails: they are right, and only old.
    async fn read(&self, wanted: Option<KeyId>) -> Result<Arc<Keys>, Problem> {
        let mut slot = self.held.write().await;
        let now = self.clock.now();
        if let Some(held) =
            slot.as_ref().filter(|held| held.serves(wanted, now) || now < held.again)
        {
            return Ok(held.keys.clone());
        }
        match (self.ask().await, slot.as_mut()) {
            (Ok(keys), _) => {
                let keys = Arc::new(keys);
                let held = Held { keys: keys.clone(), read: now, again: now };
                let again = if held.serves(wanted, now) { now } else { now + AFTER_UNKNOWN };
                *slot = Some(Held { again, ..held });
                Ok(keys)
            }
            (Err(_), Some(held)) => {
                // From now: waiting in vain took its time.
                held.again = self.clock.now()
                    + if wanted.is_some() { AFTER_FAILURE } else { AFTER_FAILURE_OF_AGE };
                Ok(held.keys.clone())
            }
            (Err(problem), None) => Err(problem),
        }
    }

    async fn ask(&self) -> Result<Keys, Problem> {
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
        self.read(None).await
    }

    async fn keys_with(&self, kid: KeyId) -> Result<Arc<Keys>, Problem> {
        let mut keys = self.keys().await?;
        // One that was taken out: reading again would not bring it back.
        if keys.may_follow(kid) {
            keys = self.read(Some(kid)).await?;
        }
        match keys.generation(kid) {
            Some(_) => Ok(keys),
            None => Err(Problem::unavailable()),
        }
    }
}
