//! `Idempotency-Key`: a POST that is sent again gets its first answer, and
//! does nothing a second time. The same key with another body is refused.

use crate::host::Host;
use crate::http::problem::Refusal;
use crate::http::request::body::MAX_BODY;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, Request};
use axum::http::Method;
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::account::Handle;
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::sending::Sent;
use domain::flow::sign_in::{SignedInAnswer, session_again};
use domain::port::{Call, KeyRing, Store, Want, random};
use domain::repeat::{Outcome, Remembered, Repeatable};
use domain::secret::{Bearer, random_text};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::ops::RangeInclusive;

const HEADER: &str = "idempotency-key";
/// Characters of a key. Whoever guesses one of somebody else's may ask for its
/// answer, so a short one is none; a UUID has 36.
pub(in crate::http) const LENGTH: RangeInclusive<usize> = 16..=64;

/// What makes a request the same as an earlier one, where its caller says it
/// may be one.
#[derive(Clone)]
struct Asked {
    key: String,
    body: String,
}

/// Whether this request may be a repetition.
pub struct Repeat(Option<(Asked, String)>);

impl<S: Sync> FromRequestParts<S> for Repeat {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let asked = parts.extensions.get::<Asked>().cloned();
        Ok(Repeat(asked.map(|asked| (asked, parts.uri.path().to_owned()))))
    }
}

/// Reads the key of a POST, and the digest of its body.
pub(in crate::http) async fn read(request: Request, next: Next) -> Result<Response, Refusal> {
    let mut keys = request.headers().get_all(HEADER).iter();
    let Some(key) = keys.next().filter(|_| request.method() == Method::POST) else {
        return Ok(next.run(request).await);
    };
    let plain =
        |key: &&str| LENGTH.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    // A gateway joins repeated headers by commas.
    let key =
        key.to_str().ok().filter(plain).filter(|key| keys.next().is_none() && !key.contains(','));
    let key = key.ok_or_else(|| Problem::field("", ViolationCode::NotAnIdempotencyKey))?.to_owned();
    let (parts, body) = request.into_parts();
    let bytes = to_bytes(body, MAX_BODY).await.map_err(|_| ProblemCode::BodyTooLarge)?;
    let body = BASE64.encode(Sha256::digest(&bytes));
    let mut request = Request::from_parts(parts, Body::from(bytes));
    request.extensions_mut().insert(Asked { key, body });
    Ok(next.run(request).await)
}

/// Does what is asked for once: `first` does it, and `again` finds its answer
/// for whoever repeats it. `credential` is what the caller proves to be, so
/// that nobody gets another one's answer.
pub async fn once<T>(
    host: &Host,
    call: &Call,
    repeat: Repeat,
    handle: &Handle,
    credential: &str,
    first: impl AsyncFnOnce(&Call) -> Result<T, Problem>,
    again: impl AsyncFnOnce(&Call, Remembered) -> Result<T, Problem>,
) -> Result<T, Problem> {
    let Repeat(Some((Asked { key, body }, path))) = repeat else { return first(call).await };
    let keys = host.ring.keys().await?;
    let name = keys.pseudonym("request", &format!("{path}\n{credential}\n{key}"));
    let body = keys.pseudonym("body", &body);
    let found = async || -> Result<Option<Remembered>, Problem> {
        let read = host.store.read(&[Want::Remembered(handle, &name)]).await?;
        Ok(read.remembered.filter(|remembered| remembered.exp > call.now))
    };
    if let Some(remembered) = found().await? {
        return repeated(host, call, &name, &body, remembered, again).await;
    }
    let (kid, nonce) = (keys.current().kid, random_text(random::<16>(&host.entropy)));
    let repeatable = Repeatable::new(&keys, name.clone(), body.clone(), kid, nonce.clone());
    let problem = match first(&Call { repeatable, ..call.clone() }).await {
        Ok(answer) => return Ok(answer),
        Err(problem) => problem,
    };
    // Another one of the same may have been first.
    match found().await? {
        Some(remembered) if remembered.nonce != nonce => {
            repeated(host, call, &name, &body, remembered, again).await
        }
        Some(_) | None => Err(problem),
    }
}

async fn repeated<T>(
    host: &Host,
    call: &Call,
    name: &str,
    body: &str,
    remembered: Remembered,
    again: impl AsyncFnOnce(&Call, Remembered) -> Result<T, Problem>,
) -> Result<T, Problem> {
    if remembered.body != body {
        return Err(ProblemCode::IdempotencyKeyReused.into());
    }
    if let Outcome::Refused(code) = remembered.outcome {
        return Err(code.into());
    }
    // A process with newer keys may have been first.
    let keys = host.ring.keys_with(remembered.kid).await?;
    let repeatable = Repeatable::new(
        &keys,
        name.to_owned(),
        body.to_owned(),
        remembered.kid,
        remembered.nonce.clone(),
    );
    let repeatable = Some(repeatable.ok_or_else(Problem::unavailable)?);
    again(&Call { repeatable, ..call.clone() }, remembered).await
}

/// The same for what ends with the session under a new bearer. `proof` is what
/// it was asked with beside the session.
pub async fn session_once(
    host: &Host,
    call: &Call,
    repeat: Repeat,
    bearer: &Bearer,
    proof: &str,
    first: impl AsyncFnOnce(&Call) -> Result<SignedInAnswer, Problem>,
) -> Result<SignedInAnswer, Problem> {
    let again = async |call: &Call, _| {
        session_again(&host.store, &host.entropy, call, &bearer.handle).await
    };
    once(
        host,
        call,
        repeat,
        &bearer.handle,
        &format!("{}\n{proof}", bearer.digest().as_str()),
        first,
        again,
    )
    .await
}

/// The answer of a code that was asked for, again.
pub async fn sent_again(_: &Call, first: Remembered) -> Result<Sent, Problem> {
    Sent::again(first.outcome).ok_or_else(Problem::unavailable)
}
