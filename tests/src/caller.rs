//! Tells the proxy which function makes an AWS call: the function's name is the
//! access key, so the proxy can check each call against that function's role.

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, future};
use axum::http::{HeaderMap, header};
use std::future::Future;

tokio::task_local! {
    static FUNCTION: String;
}

/// Runs a future as a function.
pub async fn acting<T>(function: &str, act: impl Future<Output = T>) -> T {
    FUNCTION.scope(function.to_owned(), act).await
}

/// Credentials that name the running function.
#[derive(Debug)]
pub struct AtWork;

impl ProvideCredentials for AtWork {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let function = FUNCTION.try_with(Clone::clone).unwrap_or_default();
        future::ProvideCredentials::ready(Ok(Credentials::new(
            function, "secret", None, None, "tests",
        )))
    }
}

/// The function that signed a request.
pub fn of(headers: &HeaderMap) -> String {
    let signed = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let credential = signed.split_once("Credential=").map(|(_, rest)| rest).unwrap_or_default();
    credential.split('/').next().unwrap_or_default().to_owned()
}
