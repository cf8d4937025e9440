//! The key ring: one secret of Secrets Manager, read once, lazily, and once
//! more where a generation is unknown. On a laptop a stand-in answers; there
//! is no other way to get keys, and no default.

use domain::error::Problem;
use domain::key::{KeyId, Keys};
use domain::port::KeyRing;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, RwLock};

pub struct SecretRing {
    client: aws_sdk_secretsmanager::Client,
    secret_id: String,
    keys: RwLock<Option<Arc<Keys>>>,
    /// When an unknown generation last made us read again.
    reloaded: Mutex<Option<Instant>>,
}

/// How long an unknown generation is refused from memory after a reload:
/// anybody can make up its number.
const BETWEEN_RELOADS: Duration = Duration::from_secs(60);

impl SecretRing {
    pub fn new(client: aws_sdk_secretsmanager::Client, secret_id: String) -> SecretRing {
        SecretRing { client, secret_id, keys: RwLock::new(None), reloaded: Mutex::new(None) }
    }

    /// Reads the secret, unless somebody did while we waited.
    async fn load(&self, unless: impl Fn(&Keys) -> bool) -> Result<Arc<Keys>, Problem> {
        let mut slot = self.keys.write().await;
        if let Some(keys) = slot.as_ref().filter(|keys| unless(keys)) {
            return Ok(keys.clone());
        }
        let answer = self.client.get_secret_value().secret_id(&self.secret_id).send().await.map_err(|error| {
            tracing::error!(
                event = "secretUnreadable",
                outcome = "unavailable",
                cause = error.into_service_error().meta().code().unwrap_or("noAnswer")
            );
            Problem::unavailable()
        })?;
        let keys = Keys::parse(answer.secret_string().unwrap_or_default()).map_err(|error| {
            tracing::error!(event = "secretInvalid", outcome = "unavailable", cause = %error);
            Problem::unavailable()
        })?;
        let keys = Arc::new(keys);
        *slot = Some(keys.clone());
        Ok(keys)
    }
}

impl KeyRing for SecretRing {
    async fn keys(&self) -> Result<Arc<Keys>, Problem> {
        if let Some(keys) = self.keys.read().await.as_ref() {
            return Ok(keys.clone());
        }
        self.load(|_| true).await
    }

    async fn keys_with(&self, kid: KeyId) -> Result<Arc<Keys>, Problem> {
        let keys = self.keys().await?;
        if keys.generation(kid).is_some() {
            return Ok(keys);
        }
        // One that was taken out: reading again would not bring it back.
        if !keys.may_follow(kid) {
            return Err(Problem::unavailable());
        }
        {
            let mut reloaded = self.reloaded.lock().await;
            if reloaded.is_some_and(|at| at.elapsed() < BETWEEN_RELOADS) {
                return Err(Problem::unavailable());
            }
            *reloaded = Some(Instant::now());
        }
        let keys = self.load(|keys| keys.generation(kid).is_some()).await?;
        keys.generation(kid).map(|_| keys.clone()).ok_or_else(Problem::unavailable)
    }
}
