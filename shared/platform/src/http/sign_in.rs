//! Routes of the function `sign-in`.

use super::api::{Me, MeAnswer, SessionAnswer, SignIn};
use super::auth::SessionBearer;
use super::body::Body;
use super::problem::Refusal;
use crate::host::Host;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use axum::{Extension, Json, Router};
use domain::account::TypedUserId;
use domain::error::ProblemCode;
use domain::flow::{sign_in, signed_in};
use domain::password::Password;
use domain::port::Call;
use domain::session::{Reach, next_step};
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new().route("/v1/sign-in", post(start)).route("/v1/session", delete(end)).route("/v1/me", get(me)).with_state(host)
}

async fn start(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    Body(body): Body<SignIn>,
) -> Result<Json<SessionAnswer>, Refusal> {
    let user_id = TypedUserId::new(body.user_id);
    let password = Password::new(&body.password);
    if password.is_too_long() {
        // Nobody has such a password: no call and no hash for it.
        return Err(ProblemCode::SignInFailed.into());
    }
    let answer = sign_in::sign_in(&host.store, &*host.ring, &host.hasher, &host.entropy, &call, &user_id, &password).await?;
    Ok(Json(answer.into()))
}

async fn end(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
) -> Result<StatusCode, Refusal> {
    sign_in::sign_out(&host.store, &host.entropy, &call, &bearer).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
) -> Result<Json<MeAnswer>, Refusal> {
    let who = signed_in::signed_in(&host.store, &call, &bearer, &[]).await?;
    let next = next_step(&who.account, &who.policy.policy, call.now).filter(|next| Reach::of(Some(*next)) == who.session.reach);
    Ok(Json(MeAnswer { user: Me::from(&who.account), reach: who.session.reach, next, expires_at: who.session.exp.to_string() }))
}
