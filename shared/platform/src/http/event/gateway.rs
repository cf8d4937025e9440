//! Answers gateway events (payload format 2.0) through the routes. `lambda_http` converts
//! the event to a request, and the response to the format of the gateway. [`screen`] reads
//! the event first, so that every event gets a response.

use super::screen::screen;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Response;
use domain::error::Problem;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, IntoResponse, RequestExt};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::value::RawValue;
use std::convert::Infallible;
use std::future::ready;
use std::pin::Pin;
use tower::ServiceExt;

/// The caller of a request as the gateway saw it. Headers that the caller sends are not used.
#[derive(Clone, Default)]
pub(in crate::http) struct Invocation {
    /// The invocation's ID, or else the gateway's request ID.
    pub id: Option<String>,
    /// The caller's IP address.
    pub source: Option<String>,
}

/// Answers a gateway event through the routes.
///
/// # Errors
/// Never: problems are part of the response.
pub async fn answer(
    app: Router,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<impl Serialize, Infallible> {
    let (request, address) = screen(&event.payload);
    let routes = app
        .map_request(move |request| routed(request, address.clone()))
        .and_then(async |response| Ok(Answer::of(response).await));
    let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(request), event.context);
    Adapter::from(routes).oneshot(event).await
}

/// Builds the request for the routes, with its URI. A refused request carries its problem,
/// so that it is answered and logged like any other.
fn routed(request: lambda_http::Request, address: Result<Uri, Problem>) -> Request {
    let mut caller = Invocation::default();
    if let Some(RequestContext::ApiGatewayV2(gateway)) = request.request_context_ref() {
        let invocation = request.lambda_context_ref().map(|context| context.request_id.clone());
        caller.id = invocation.filter(|id| !id.is_empty()).or_else(|| gateway.request_id.clone());
        caller.source.clone_from(&gateway.http.source_ip);
    }
    let mut request = request.map(Body::new);
    match address {
        Ok(address) => *request.uri_mut() = address,
        Err(problem) => drop(request.extensions_mut().insert(problem)),
    }
    request.extensions_mut().insert(caller);
    request
}

/// A response whose body `lambda_http` passes on unchanged: as text if it is UTF-8,
/// otherwise as binary. `lambda_http`'s own conversion panics on a body that cannot be
/// read, and links decoders of all legacy charsets into each function.
struct Answer(lambda_http::Response<lambda_http::Body>);

impl Answer {
    async fn of(response: Response) -> Answer {
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
        let body = match String::from_utf8(bytes.into()) {
            Ok(text) if text.is_empty() => lambda_http::Body::Empty,
            Ok(text) => lambda_http::Body::Text(text),
            Err(binary) => lambda_http::Body::Binary(binary.into_bytes()),
        };
        Answer(lambda_http::Response::from_parts(parts, body))
    }
}

impl IntoResponse for Answer {
    fn into_response(
        self,
    ) -> Pin<Box<dyn Future<Output = lambda_http::Response<lambda_http::Body>> + Send>> {
        Box::pin(ready(self.0))
    }
}
