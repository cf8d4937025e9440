//! The HTTP client of all calls: HTTP/1.1 with a connection pool, and TLS by rustls.
//! The SDK's own client also supports HTTP/2 and proxies, which no service called here
//! needs and which make up a twentieth of a `bootstrap`.

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as Tcp;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use std::sync::OnceLock;

/// Creates a client for all services of a process. It trusts the system's root
/// certificates, which the first call reads. If there are none, `https` calls fail and
/// `http` calls still work, as in local development. The SDK limits the time of a call: it
/// cancels one that takes too long and closes its connection.
pub fn client() -> SharedHttpClient {
    let connector = OnceLock::new();
    http_client_fn(move |_, _| connector.get_or_init(self::connector).clone())
}

/// Creates a connector with a connection pool of its own.
pub(crate) fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Http1::new())
}

#[derive(Debug)]
struct Http1(Client<HttpsConnector<Tcp>, SdkBody>);

impl Http1 {
    fn new() -> Http1 {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let mut tcp = Tcp::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Http1(Client::builder(TokioExecutor::new()).build(https))
    }
}

impl HttpConnector for Http1 {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = match request.try_into_http1x() {
            Ok(request) => request,
            Err(error) => {
                return HttpConnectorFuture::ready(Err(ConnectorError::user(error.into())));
            }
        };
        let answer = self.0.request(request);
        HttpConnectorFuture::new(async move {
            // The SDK retries I/O errors, so every connection failure is reported as one.
            let answer = answer.await.map_err(|error| ConnectorError::io(error.into()))?;
            HttpResponse::try_from(answer.map(SdkBody::from_body_1_x))
                .map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
