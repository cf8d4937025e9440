//! Calls the functions over HTTP: directly, through the invocation URL that AWS has
//! too, or through the API.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;

/// The longest time that one call may take. A function that is being rebuilt
/// responds late; one whose process died never responds.
const PATIENCE: Duration = Duration::from_secs(300);
/// The wait between tries while no server listens on the port: `cargo lambda watch`
/// is still starting, or the developer has yet to start it.
const UNTIL_IT_LISTENS: Duration = Duration::from_millis(200);

/// A client for the functions on one port.
pub(super) struct Lambda {
    http: Client,
    url: String,
}

/// A response of the API.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) body: Value,
}

impl Lambda {
    pub(super) fn at(port: u16) -> Result<Self> {
        // A proxy from the environment must not be used for requests to this machine.
        let http = Client::builder().no_proxy().timeout(PATIENCE).build()?;
        Ok(Self { http, url: format!("http://127.0.0.1:{port}") })
    }

    /// Invokes `function` directly and returns its response.
    ///
    /// # Errors
    /// When the function fails or does not respond.
    pub(super) async fn invoke(&self, function: &str, event: &Value) -> Result<Value> {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let response =
            self.send(|| self.http.post(format!("{}{path}", self.url)).json(event)).await?;
        let status = response.status();
        let answer = response.text().await?;
        if !status.is_success() {
            bail!("{function} failed: {answer}");
        }
        serde_json::from_str(&answer)
            .with_context(|| format!("{function} answered something else than JSON"))
    }

    /// Calls the API.
    ///
    /// # Errors
    /// When there is no response or its body is not JSON.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        bearer: Option<&str>,
        body: &Value,
    ) -> Result<Answer> {
        let request = || {
            let request =
                self.http.request(method.clone(), format!("{}{path}", self.url)).json(body);
            bearer.into_iter().fold(request, RequestBuilder::bearer_auth)
        };
        let response = self.send(request).await?;
        let status = response.status();
        let body = response
            .json()
            .await
            .with_context(|| format!("{method} {path} answered {status} and no JSON"))?;
        Ok(Answer { status, body })
    }

    async fn send(&self, request: impl Fn() -> RequestBuilder) -> Result<Response> {
        loop {
            match request().send().await {
                Err(error) if error.is_connect() => tokio::time::sleep(UNTIL_IT_LISTENS).await,
                answer => return Ok(answer?),
            }
        }
    }
}
