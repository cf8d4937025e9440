//! Responses that hand out a session, or take its cookie back.

use crate::http::api::SessionResponse;
use crate::http::api::transport::SessionTransport;
use crate::http::request::{cookie, device};
use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::context::RequestContext;
use domain::error::Problem;
use domain::flow::steps::new_session::NewSession;
use domain::port::KeyRing;
use domain::time::Span;

/// Builds the response with a new session: its bearer token is in the body or in the
/// cookie, never in both. The token of its device, if it has one, is in a header or in a cookie of
/// its own.
///
/// # Errors
/// `unavailable` if the answer has a device and the keys cannot be read.
pub async fn hand_out(
    answer: &NewSession,
    transport: SessionTransport,
    ctx: &RequestContext,
    ring: &impl KeyRing,
) -> Result<Response, Problem> {
    let mut response = match transport {
        SessionTransport::Bearer => Json(SessionResponse::with_bearer(answer)).into_response(),
        SessionTransport::Cookie => {
            let mut response = Json(SessionResponse::without_bearer(answer)).into_response();
            cookie::set(
                &mut response,
                cookie::NAME,
                &answer.bearer.reveal(),
                answer.session.exp - ctx.now,
            );
            response
        }
    };
    if answer.device.is_some() {
        let keys = ring.keys().await?;
        device::hand_out(&mut response, answer.device.as_ref(), &ctx.devices, &keys);
    }
    Ok(response)
}

/// Builds a response that also removes the cookie, if the session was in one.
pub fn take_back(answer: impl IntoResponse, transport: SessionTransport) -> Response {
    let mut response = answer.into_response();
    if transport == SessionTransport::Cookie {
        cookie::set(&mut response, cookie::NAME, "", Span(0));
    }
    response
}
