//! Adds the names of the calling function and its request to each AWS call, as headers. The
//! proxy reads them to check the call against that function's role, and to record it.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::future::Future;

/// The header that contains the function's name.
pub(crate) const FUNCTION_HEADER: &str = "x-latchkey-function";

/// The header that contains the ID of the request that the function handles.
pub(crate) const REQUEST_HEADER: &str = "x-latchkey-request";

tokio::task_local! {
    static FUNCTION: String;
    static REQUEST: String;
}

/// Runs a future with its AWS calls attributed to a function.
pub async fn acting<T>(function: &str, act: impl Future<Output = T>) -> T {
    FUNCTION.scope(function.to_owned(), act).await
}

/// Runs a future with its AWS calls attributed to a request.
pub async fn handling<T>(request: &str, act: impl Future<Output = T>) -> T {
    REQUEST.scope(request.to_owned(), act).await
}

/// Returns a client that adds the name of the running function and sends through
/// `client`. Outside [`acting`] it adds no name, and the proxy refuses the call.
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
        if let Ok(id) = REQUEST.try_with(Clone::clone) {
            // A test may choose an ID that is no header value. Its calls are not attributed.
            request.headers_mut().try_insert(REQUEST_HEADER, id).ok();
        }
        self.0.call(request)
    }
}
