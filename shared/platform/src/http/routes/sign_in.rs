//! Routes of the function `sign-in`.

use crate::host::Host;
use crate::http::api::{ConfirmPassword, Me, MeAnswer, SignIn};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cookie::{self, Carrier, hand_out, take_back};
use crate::http::request::repeat::{Repeat, once, session_once};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use domain::account::TypedUserId;
use domain::error::ProblemCode;
use domain::flow::confirm_password::confirm_password;
use domain::flow::{sign_in, signed_in};
use domain::password::Password;
use domain::port::{Call, KeyRing};
use domain::secret::ExposeSecret;
use domain::session::postpone_until;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/sign-in", post(start))
        .route("/v1/session", delete(end))
        .route("/v1/session/confirm", post(confirm))
        .route("/v1/sessions", delete(end_all))
        .route("/v1/me", get(me))
        .with_state(host)
}

async fn start(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    headers: HeaderMap,
    repeat: Repeat,
    Body(body): Body<SignIn>,
) -> Result<Response, Refusal> {
    if body.session == Carrier::Cookie
        && !cookie::may_begin(&headers, host.settings.base_url.origin())
    {
        return Err(ProblemCode::CrossSite.into());
    }
    let user_id = TypedUserId::new(body.user_id);
    let password = Password::new(&body.password);
    if user_id.is_too_long() || password.is_too_long() {
        // Nobody has such an ID or password: no call and no hash for it.
        return Err(ProblemCode::SignInFailed.into());
    }
    let handle = host.ring.keys().await?.handle(&user_id);
    let (store, ring, entropy) = (&host.store, &*host.ring, &host.entropy);
    let first = async |call: &Call| {
        sign_in::sign_in(store, ring, &host.hasher, entropy, call, &user_id, &password).await
    };
    let again = async |call: &Call, _| sign_in::sign_in_again(store, entropy, call, &handle).await;
    // Another password is another sign-in, which counts.
    let answer =
        once(&host, &call, repeat, &handle, body.password.expose_secret(), first, again).await?;
    Ok(hand_out(answer, body.session, call.now))
}

async fn end(Caller { host, call, bearer }: Caller, carrier: Carrier) -> Result<Response, Refusal> {
    sign_in::sign_out(&host.store, &host.entropy, &call, &bearer).await?;
    Ok(take_back(StatusCode::NO_CONTENT, carrier))
}

async fn end_all(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
) -> Result<Response, Refusal> {
    sign_in::sign_out_everywhere(&host.store, &host.entropy, &call, &bearer).await?;
    Ok(take_back(StatusCode::NO_CONTENT, carrier))
}

async fn confirm(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
    repeat: Repeat,
    Body(body): Body<ConfirmPassword>,
) -> Result<Response, Refusal> {
    let password = Password::new(&body.password);
    if password.is_too_long() {
        return Err(ProblemCode::CurrentPasswordWrong.into());
    }
    let first = async |call: &Call| {
        confirm_password(&host.store, &host.hasher, &host.entropy, call, &bearer, &password).await
    };
    let answer =
        session_once(&host, &call, repeat, &bearer, body.password.expose_secret(), first).await?;
    Ok(hand_out(answer, carrier, call.now))
}

async fn me(Caller { host, call, bearer }: Caller) -> Result<Json<MeAnswer>, Refusal> {
    let who = signed_in::signed_in(&host.store, &call, &bearer, &[]).await?;
    let policy = &who.policy.policy;
    let next = who.session.next(&who.account, policy, call.now);
    let postpone_until =
        postpone_until(&who.account, policy, next, call.now).map(|t| t.to_string());
    let (reach, expires_at) = (who.session.reach, who.session.exp.to_string());
    let undeliverable = who.account.undeliverable_kinds();
    Ok(Json(MeAnswer {
        user: Me::from(&who.account),
        reach,
        next,
        postpone_until,
        expires_at,
        undeliverable,
    }))
}
