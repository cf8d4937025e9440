//! `Idempotency-Key`: a repeated `POST` gets the first answer and has no second effect. The
//! same key with another body is refused.

use crate::host::Host;
use crate::http::request::body::MAX_BODY;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::Method;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::context::{RequestContext, random};
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::steps::new_session::{NewSession, session_again};
use domain::flow::steps::sending::Sent;
use domain::idempotency::{IdempotencyRecord, IdempotentRequest, Outcome};
use domain::identity::Handle;
use domain::port::{KeyRing, Store, Want};
use domain::secret::{Bearer, random_text};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::ops::RangeInclusive;

const HEADER: &str = "idempotency-key";
/// The length of an idempotency key, in characters. An attacker who guesses another caller's key
/// could request the recorded answer, so a short key is refused; a UUID has 36 characters.
pub(in crate::http) const LENGTH: RangeInclusive<usize> = 16..=64;

/// The idempotency key of a request, and the digest of its body.
#[derive(Clone)]
struct KeyAndBody {
    key: String,
    body: String,
}

/// The idempotency key of a request, with the path and body that it covers; `None` in a
/// request without a key.
pub struct IdempotencyKey(Option<Covered>);

struct Covered {
    key: String,
    path: String,
    body: String,
}

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let found = parts.extensions.get::<KeyAndBody>().cloned();
        let path = || parts.uri.path().to_owned();
        Ok(IdempotencyKey(found.map(|KeyAndBody { key, body }| Covered {
            key,
            path: path(),
            body,
        })))
    }
}

/// Reads the idempotency key of a `POST` and the digest of its body, and attaches both to
/// the request.
pub(in crate::http) async fn read(request: Request) -> Result<Request, Problem> {
    let mut keys = request.headers().get_all(HEADER).iter();
    let Some(key) = keys.next().filter(|_| request.method() == Method::POST) else {
        return Ok(request);
    };
    let plain =
        |key: &&str| LENGTH.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    // Some gateways join repeated headers with commas.
    let key =
        key.to_str().ok().filter(plain).filter(|key| keys.next().is_none() && !key.contains(','));
    let key = key.ok_or_else(|| Problem::field("", ViolationCode::NotAnIdempotencyKey))?.to_owned();
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| ProblemCode::BodyTooLarge)?;
    let body = BASE64.encode(Sha256::digest(&bytes));
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(KeyAndBody { key, body });
    Ok(request)
}

/// Does the work of a request once: `first` does it, and `again` recreates the answer for a
/// repeated request. `credential` identifies the caller, so that no caller gets another's answer.
///
/// # Errors
/// The problem of `first`, also for a repeated request; `idempotencyKeyReused` if the same
/// key was used with another body.
pub async fn idempotent<T>(
    host: &Host,
    ctx: &RequestContext,
    key: IdempotencyKey,
    handle: &Handle,
    credential: &str,
    first: impl AsyncFnOnce(&RequestContext) -> Result<T, Problem>,
    again: impl AsyncFnOnce(&RequestContext, IdempotencyRecord) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let IdempotencyKey(Some(Covered { key, path, body })) = key else { return first(ctx).await };
    let keys = host.ring.keys().await?;
    let name = keys.pseudonym("request", &format!("{path}\n{credential}\n{key}"));
    let body = keys.pseudonym("body", &body);
    let recorded = async || -> Result<Option<IdempotencyRecord>, Problem> {
        let read = host.store.read(&[Want::IdempotencyRecord(handle, &name)]).await?;
        Ok(read.idempotency.filter(|record| record.exp > ctx.now))
    };
    if let Some(record) = recorded().await? {
        return repeated(host, ctx, &name, &body, record, again).await;
    }
    let (kid, nonce) = (keys.current().kid, random_text(random::<16>(&*host.entropy)));
    let idempotency = IdempotentRequest::new(&keys, name.clone(), body.clone(), kid, nonce.clone());
    let problem = match first(&RequestContext { idempotency, ..ctx.clone() }).await {
        Ok(answer) => return Ok(answer),
        Err(problem) => problem,
    };
    // Another request with this key may have finished first.
    match recorded().await? {
        Some(record) if record.nonce != nonce => {
            repeated(host, ctx, &name, &body, record, again).await
        }
        Some(_) | None => Err(problem),
    }
}

/// Answers a repeated request from the record of the first one.
async fn repeated<T>(
    host: &Host,
    ctx: &RequestContext,
    name: &str,
    body: &str,
    record: IdempotencyRecord,
    again: impl AsyncFnOnce(&RequestContext, IdempotencyRecord) -> Result<T, Problem>,
) -> Result<T, Problem> {
    if record.body != body {
        return Err(ProblemCode::IdempotencyKeyReused.into());
    }
    if let Outcome::Refused(code) = record.outcome {
        return Err(code.into());
    }
    // A process with newer keys may have handled the first request.
    let keys = host.ring.keys_with(record.kid).await?.ok_or_else(Problem::unavailable)?;
    let (name, body) = (name.to_owned(), body.to_owned());
    let idempotency = IdempotentRequest::new(&keys, name, body, record.kid, record.nonce.clone());
    let idempotency = Some(idempotency.ok_or_else(Problem::unavailable)?);
    again(&RequestContext { idempotency, ..ctx.clone() }, record).await
}

/// Runs [`idempotent`] for a request whose bearer token identifies the caller.
///
/// # Errors
/// Those of [`idempotent`].
pub async fn idempotent_for<T>(
    host: &Host,
    ctx: &RequestContext,
    key: IdempotencyKey,
    bearer: &Bearer,
    first: impl AsyncFnOnce(&RequestContext) -> Result<T, Problem>,
    again: impl AsyncFnOnce(&RequestContext, IdempotencyRecord) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let digest = bearer.digest();
    idempotent(host, ctx, key, &bearer.handle, digest.as_str(), first, again).await
}

/// Runs [`idempotent`] for a request that replaces the bearer token of its session. `proof`
/// is what the caller sent besides the token, such as a password.
///
/// # Errors
/// Those of [`idempotent`].
pub async fn idempotent_session(
    host: &Host,
    ctx: &RequestContext,
    key: IdempotencyKey,
    bearer: &Bearer,
    proof: &str,
    first: impl AsyncFnOnce(&RequestContext) -> Result<NewSession, Problem>,
) -> Result<NewSession, Problem> {
    let again =
        async |ctx: &RequestContext, _| session_again(&host.store, ctx, &bearer.handle).await;
    let credential = format!("{}\n{proof}", bearer.digest().as_str());
    idempotent(host, ctx, key, &bearer.handle, &credential, first, again).await
}

/// Returns the answer to a repeated request for a code.
///
/// # Errors
/// `unavailable` if the record is of another kind of request.
pub async fn sent_again(_: &RequestContext, first: IdempotencyRecord) -> Result<Sent, Problem> {
    Sent::again(first.outcome).ok_or_else(Problem::unavailable)
}
