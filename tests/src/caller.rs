//! Tells the proxy which function makes an AWS call: an HTTP client adds the
//! function's name as a header, so the proxy can check each call against that
//! function's role.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::future::Future;

/// The header that names the function.
pub(crate) const FUNCTION_HEADER: &str = "x-latchkey-function";

tokio::task_local! {
    static FUNCTION: String;
}

/// Runs a future as a function.
pub async fn acting<T>(function: &str, act: impl Future<Output = T>) -> T {
    FUNCTION.scope(function.to_owned(), act).await
}

/// A client that adds the name of the running function and sends through
/// `client`. Outside [`acting`] it adds none, and the proxy refuses the call.
pub fn naming_the_function(client: SharedHttpClient) -> SharedHttpClient {
    http_client_fn(move |settings, components| {
        SharedHttpConnector::new(Naming(client.http_connector(settings, components)))
    })
}

#[derive(Debug)]
struct Naming(SharedHttpConnector);

impl HttpConnector for Naming {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        if let Ok(function) = FUNCTION.try_with(Clone::clone) {
            request.headers_mut().insert(FUNCTION_HEADER, function);
        }
        self.0.call(request)
    }
}
