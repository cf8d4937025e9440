//! Rotates the keys in the four steps of Secrets Manager, each of which may be invoked
//! twice. The first rotation creates the first keys, so that no person ever handles one.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use domain::context::{Entropy, random};
use domain::key::{Keys, rotated};
use domain::secret::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;

/// The stage of the version in use.
const CURRENT: &str = "AWSCURRENT";
/// The stage of the version being created.
const PENDING: &str = "AWSPENDING";

/// The Lambda event that Secrets Manager sends for each step.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RotationEvent {
    secret_id: String,
    /// The ID of the version being created.
    client_request_token: String,
    step: Step,
}

#[derive(Clone, Copy, Deserialize)]
enum Step {
    #[serde(rename = "createSecret")]
    Create,
    /// Does nothing: no other system has to receive the keys.
    #[serde(rename = "setSecret")]
    Set,
    #[serde(rename = "testSecret")]
    Test,
    #[serde(rename = "finishSecret")]
    Finish,
}

/// The reason why a step failed, without key material.
#[derive(Debug)]
pub struct RotationError(&'static str);

impl fmt::Display for RotationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}
impl std::error::Error for RotationError {}

/// Runs one step for the secret of this deployment.
///
/// # Errors
/// If the event names another secret, Secrets Manager fails, or the secret holds something
/// other than keys.
pub async fn rotate(
    client: &Client,
    own_secret: &str,
    entropy: &impl Entropy,
    event: RotationEvent,
) -> Result<(), RotationError> {
    if event.secret_id != own_secret {
        return Err(RotationError("this is not the secret of this deployment"));
    }
    let rotation = Rotation { client, secret: own_secret, token: &event.client_request_token };
    let (step, done) = match event.step {
        Step::Create => ("createSecret", rotation.create(entropy).await),
        Step::Set => ("setSecret", Ok(())),
        Step::Test => ("testSecret", rotation.test().await),
        Step::Finish => ("finishSecret", rotation.finish().await),
    };
    match &done {
        Ok(()) => tracing::info!(event = "keysRotated", outcome = "ok", step),
        Err(RotationError(cause)) => {
            tracing::error!(event = "keysRotated", outcome = "failed", step, cause);
        }
    }
    done
}

struct Rotation<'a> {
    client: &'a Client,
    secret: &'a str,
    token: &'a str,
}

impl Rotation<'_> {
    /// Reads the secret's value at a stage; `None` if the stage has no version yet.
    async fn read(&self, stage: &str) -> Result<Option<SecretString>, RotationError> {
        let pending = (stage == PENDING).then(|| self.token.to_owned());
        let read = self
            .client
            .get_secret_value()
            .secret_id(self.secret)
            .version_stage(stage)
            .set_version_id(pending)
            .send()
            .await;
        match read.map_err(aws_sdk_secretsmanager::error::SdkError::into_service_error) {
            // A binary value is not Latchkey's: an error, not a reason to create first keys.
            Ok(answer) => answer
                .secret_string
                .map(SecretString::from)
                .map(Some)
                .ok_or(RotationError("the secret holds no text")),
            Err(GetSecretValueError::ResourceNotFoundException(_)) => Ok(None),
            Err(_) => Err(RotationError("the secret could not be read")),
        }
    }

    /// Creates the new version, unless it was created before.
    async fn create(&self, entropy: &impl Entropy) -> Result<(), RotationError> {
        if self.read(PENDING).await?.is_some() {
            return Ok(());
        }
        let current = self.read(CURRENT).await?;
        // A secret that cannot be parsed is never overwritten: without its keys, no account
        // can be found.
        let next = rotated(current.as_ref(), || random::<32>(entropy)).map_err(|_| {
            RotationError("the secret holds something other than keys, and was not changed")
        })?;
        let put =
            self.client.put_secret_value().secret_id(self.secret).client_request_token(self.token);
        put.secret_string(next.expose_secret())
            .version_stages(PENDING)
            .send()
            .await
            .map_err(|_| RotationError("the new version was not written"))?;
        Ok(())
    }

    /// Checks that the new keys include all that are needed to read data made with the
    /// current keys.
    async fn test(&self) -> Result<(), RotationError> {
        let parse = |secret: &SecretString| {
            Keys::parse(secret.expose_secret())
                .map_err(|_| RotationError("the secret does not hold keys"))
        };
        let next = self
            .read(PENDING)
            .await?
            .as_ref()
            .map(parse)
            .ok_or(RotationError("there is no new version"))??;
        let current = self.read(CURRENT).await?.as_ref().map(parse).transpose()?;
        let complete = current.is_none_or(|current| next.replaces(&current));
        complete.then_some(()).ok_or(RotationError("the new secret lacks keys of the old one"))
    }

    /// Makes the new version the current one.
    async fn finish(&self) -> Result<(), RotationError> {
        let failed = |_| RotationError("the new version was not made current");
        let described = self
            .client
            .describe_secret()
            .secret_id(self.secret)
            .send()
            .await
            .map_err(|_| RotationError("the secret could not be described"))?;
        let versions = described.version_ids_to_stages.unwrap_or_default();
        let current = versions
            .into_iter()
            .find(|(_, stages)| stages.iter().any(|stage| stage == CURRENT))
            .map(|(version, _)| version);
        if current.as_deref() == Some(self.token) {
            return Ok(());
        }
        let moved =
            self.client.update_secret_version_stage().secret_id(self.secret).version_stage(CURRENT);
        moved
            .move_to_version_id(self.token)
            .set_remove_from_version_id(current)
            .send()
            .await
            .map(|_| ())
            .map_err(failed)
    }
}
