//! Routes of the function `portal`: pages, and the files that they load. They are
//! the same for all callers: no session, table or key is read.

use crate::http::answer_log::{AnswerLog, Note};
use crate::http::event::gateway::Invocation;
use crate::http::language::{accepted, lookup};
use crate::http::route::{Route, Routes};
use crate::log;
use crate::metrics::Metrics;
use crate::system::SystemClock;
use axum::body::Body;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Router};
use domain::access::Access;
use domain::context::Clock;
use domain::error::Problem;
use domain::language::Language;

/// A file of `web/dist` in the function's folder, built into the program.
pub struct File {
    /// Its path in `web/dist`: `assets/…`, or a language and the name of a page.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its `ETag`, in quotes.
    pub tag: &'static str,
    /// Its content.
    pub plain: &'static [u8],
    /// Its content, compressed by Brotli.
    pub brotli: &'static [u8],
}

/// The kind of a file.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A page.
    Html,
    /// JavaScript.
    Script,
    /// CSS.
    Style,
    /// SVG.
    Picture,
}

impl Kind {
    fn mime(self) -> &'static str {
        match self {
            Kind::Html => "text/html; charset=utf-8",
            Kind::Script => "text/javascript; charset=utf-8",
            Kind::Style => "text/css; charset=utf-8",
            Kind::Picture => "image/svg+xml",
        }
    }
}

type Files = &'static [File];

/// The rows of the function `portal`. Of a page's query only `mkt` is read here; the
/// rest is for the page's script.
#[rustfmt::skip]
pub fn routes() -> Routes<Files> {
    let rows = vec![
        Route::new(Method::GET, "/", Access::Anyone, "home", home),
        Route::new(Method::GET, "/reset", Access::Anyone, "resetPage", reset),
        Route::new(Method::GET, "/sign-in", Access::Anyone, "signInPage", sign_in),
        Route::new(Method::GET, "/security-info", Access::Anyone, "securityInfoPage", security_info),
        Route::new(Method::GET, "/admin", Access::Anyone, "adminPage", admin),
        Route::new(Method::GET, "/.well-known/change-password", Access::Anyone, "changePasswordPage", change_password),
        Route::new(Method::GET, "/assets/{file}", Access::Anyone, "asset", asset),
    ];
    Routes { function: "portal", rows }
}

/// The router of the pages, which adds the headers, log line and metrics of every
/// response.
pub fn router(files: Files, metrics: Metrics) -> Router {
    routes().plain_router(files).layer(from_fn_with_state(metrics, finish))
}

async fn reset(files: State<Files>, query: RawQuery, headers: HeaderMap) -> Response {
    page("reset", &(files, query, headers))
}

async fn sign_in(files: State<Files>, query: RawQuery, headers: HeaderMap) -> Response {
    page("sign-in", &(files, query, headers))
}

async fn security_info(files: State<Files>, query: RawQuery, headers: HeaderMap) -> Response {
    page("security-info", &(files, query, headers))
}

async fn admin(files: State<Files>, query: RawQuery, headers: HeaderMap) -> Response {
    page("admin", &(files, query, headers))
}

/// What the response with a page depends on: the files, `?mkt=` and
/// `Accept-Language`.
type Wanted = (State<Files>, RawQuery, HeaderMap);

/// A page in the language of the request.
fn page(name: &str, (State(files), RawQuery(query), headers): &Wanted) -> Response {
    let language = asked(query.as_deref()).unwrap_or_else(|| accepted(headers));
    let mut response = serve(files, &format!("{}/{name}.html", language.tag()), headers);
    // Browsers keep assets but must revalidate the page, which names the current ones.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
        .headers_mut()
        .insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    response
}

/// The language that `?mkt=` asks for. Microsoft's pages use the same parameter.
fn asked(query: Option<&str>) -> Option<Language> {
    query?.split('&').find_map(|pair| pair.strip_prefix("mkt=")).and_then(lookup)
}

async fn asset(
    State(files): State<Files>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Response {
    let mut response = serve(files, &format!("assets/{file}"), &headers);
    // Its name changes with its content, so browsers may keep it.
    let caching = if response.status() == StatusCode::NOT_FOUND {
        "no-store"
    } else {
        "public, max-age=31536000, immutable"
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}

/// A file, compressed if the caller accepts that, or 304 if the caller has it.
fn serve(files: Files, name: &str, headers: &HeaderMap) -> Response {
    let Some(file) = files.iter().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let named = |name: HeaderName, value: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
        values
            .flat_map(|line| line.split(','))
            .any(|part| part.trim().trim_start_matches("W/") == value)
    };
    let described = [
        (header::ETAG, file.tag),
        (header::CONTENT_TYPE, file.kind.mime()),
        (header::VARY, "Accept-Encoding, Accept-Language"),
    ];
    if named(header::IF_NONE_MATCH, file.tag) {
        return (StatusCode::NOT_MODIFIED, described).into_response();
    }
    match named(header::ACCEPT_ENCODING, "br") {
        true => {
            (described, [(header::CONTENT_ENCODING, "br")], Body::from(file.brotli)).into_response()
        }
        false => (described, Body::from(file.plain)).into_response(),
    }
}

async fn home(RawQuery(query): RawQuery) -> Redirect {
    // Keep the requested language.
    match asked(query.as_deref()) {
        Some(language) => Redirect::to(&format!("/sign-in?mkt={}", language.tag())),
        None => Redirect::to("/sign-in"),
    }
}

/// The address that password managers open to change a password (W3C, a well-known
/// URL for changing passwords).
async fn change_password() -> Redirect {
    Redirect::to("/security-info")
}

/// Headers of every response (ASVS 3.4): a page loads our own files only, runs no inline
/// script or style, submits forms by script only, and cannot be framed.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; \
         frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000; includeSubDomains"),
    (header::REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn finish(
    State(metrics): State<Metrics>,
    Extension(caller): Extension<Invocation>,
    request: Request,
    next: Next,
) -> Response {
    let id = caller.id.unwrap_or_default();
    let log = AnswerLog::begin(&id, SystemClock.now(), Some(&request));
    let refused = request.extensions().get::<Problem>().cloned();
    let answer = log::within(&id, async {
        let response = match &refused {
            Some(_) => StatusCode::BAD_REQUEST.into_response(),
            None => next.run(request).await,
        };
        log.write(&metrics, response.status().as_u16(), refused.as_ref(), &Note::default());
        response
    });
    let mut response = answer.await;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
