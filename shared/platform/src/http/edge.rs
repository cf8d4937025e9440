//! Wraps every API request: sets its context and language before the handler runs, then
//! writes problem bodies, headers, the log line and the metrics.

use crate::host::Host;
use crate::http::answer_log::{AnswerLog, Note};
use crate::http::event::gateway::Invocation;
use crate::http::language;
use crate::http::problem::{ProblemBody, Refusal};
use crate::http::request::device;
use crate::http::route::Routes;
use crate::log;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use domain::audit::SupportCode;
use domain::context::{RequestContext, random};
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::language::Language;
use domain::secret::random_text;
use std::net::IpAddr;
use std::sync::Arc;

/// Returns the router of a function's routes, wrapped in these steps.
pub fn wrap(routes: Routes, host: Arc<Host>) -> Router {
    routes
        .router(host.clone())
        .fallback(async || Refusal::from(ProblemCode::NotFound))
        .method_not_allowed_fallback(async || Refusal::from(ProblemCode::MethodNotAllowed))
        .layer(from_fn_with_state(host, edge))
}

async fn edge(State(host): State<Arc<Host>>, mut request: Request, next: Next) -> Response {
    let caller = request.extensions_mut().remove().unwrap_or_default();
    let ctx = context(&host, caller, request.method(), request.headers());
    let id = ctx.id.clone();
    log::within(&id, answer(&host, ctx, request, next)).await
}

async fn answer(host: &Host, ctx: RequestContext, mut request: Request, next: Next) -> Response {
    let log = AnswerLog::begin(&ctx.id, ctx.now, Some(&request));
    let refused: Option<Problem> = request.extensions_mut().remove();
    let language = language::accepted(request.headers());
    request.extensions_mut().insert(ctx.clone());
    request.extensions_mut().insert(language);

    let mut response = match refused {
        Some(problem) => Refusal(problem).into_response(),
        None => next.run(request).await,
    };
    let mut note: Note = response.extensions_mut().remove().unwrap_or_default();
    let problem = problem(&mut response);
    if let Some(problem) = &problem {
        response = problem_response(problem, language, &ctx, response.headers());
    }
    let in_problem = problem.as_ref().and_then(|problem| problem.support_code.clone());
    note.support_code = in_problem.or(note.support_code).or_else(|| Some(ctx.support_code()));
    log.write(&host.metrics, response.status().as_u16(), problem.as_ref(), &note);
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Takes the problem out of a response. An error response that a library made, such as for
/// a path that is not UTF-8, becomes a problem too.
fn problem(response: &mut Response) -> Option<Problem> {
    let problem: Option<Problem> = response.extensions_mut().remove();
    let status = response.status();
    problem
        .or_else(|| {
            status.is_client_error().then(|| Problem::field("", ViolationCode::NotARequest))
        })
        .or_else(|| status.is_server_error().then(|| ProblemCode::Internal.into()))
}

/// Builds the response for a problem, in this language.
fn problem_response(
    problem: &Problem,
    language: Language,
    ctx: &RequestContext,
    headers: &HeaderMap,
) -> Response {
    let support_code: SupportCode = ctx.support_code();
    let mut response = ProblemBody::of(problem, language, support_code).respond();
    if let Some(allow) = headers.get(header::ALLOW) {
        response.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response
        .headers_mut()
        .insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response.into_response()
}

/// The headers of every response (ASVS 3.4): browsers must not cache, frame or sniff it,
/// nor load anything from it.
pub(super) const HEADERS: [(header::HeaderName, &str); 6] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::VARY, "Accept-Language"),
];

/// Creates the context of a request: one ID, one time, one source address, and the device tokens.
fn context(
    host: &Host,
    caller: Invocation,
    method: &Method,
    headers: &HeaderMap,
) -> RequestContext {
    let source = viewer(host, headers).or(caller.source);
    let id = caller.id.unwrap_or_else(|| random_text(random::<16>(&*host.entropy)));
    RequestContext {
        source: source.as_deref().map_or_else(|| "unknown".to_owned(), source_of),
        source_limits: host.settings.source_limits,
        devices: device::sent(method, headers, host.settings.base_url.origin()),
        ..host.context(id)
    }
}

/// The header with the secret of the operator's front (such as CloudFront). The front sets
/// both headers, and so replaces any that a caller sends.
const FRONT: &str = "x-latchkey-front";
/// The header with the caller's address as the front saw it.
const VIEWER: &str = "x-latchkey-viewer";

/// Returns the caller's address as the front saw it. `None` without the front's secret:
/// then the address that the gateway saw counts.
fn viewer(host: &Host, headers: &HeaderMap) -> Option<String> {
    let front = host.settings.front?;
    headers.get(FRONT).filter(|secret| front.is_of(secret.as_bytes()))?;
    let address: IpAddr = headers.get(VIEWER)?.to_str().ok()?.parse().ok()?;
    Some(address.to_string())
}

/// Returns the source address that requests are counted by: a whole IPv4 address, or the
/// /64 prefix of an IPv6 address, since one subscriber gets a /64.
fn source_of(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(v6)) => match v6.to_ipv4_mapped() {
            Some(v4) => v4.to_string(),
            None => format!("{:x?}", &v6.segments()[..4]),
        },
        Ok(IpAddr::V4(v4)) => v4.to_string(),
        Err(_) => "unknown".to_owned(),
    }
}
