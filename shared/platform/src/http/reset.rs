//! Routes of the function `reset`.

use super::api::{ChallengeAnswer, ResetAnswer, SendCode, SetPassword, StartReset, StartedAnswer};
use super::auth::ResetBearer;
use super::body::Body;
use super::problem::Refusal;
use crate::host::Host;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use domain::account::TypedUserId;
use domain::flow::reset_password::{cancel_reset, reset_password, view_reset};
use domain::flow::send_code::{WantedCode, send_code};
use domain::flow::start_reset::start_reset;
use domain::password::Password;
use domain::port::Call;
use domain::reset::ResetId;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/resets", post(start))
        .route("/v1/resets/{resetId}", get(view).delete(cancel))
        .route("/v1/resets/{resetId}/challenges", post(send))
        .route("/v1/resets/{resetId}/password", put(set_password))
        .with_state(host)
}

async fn start(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    Body(body): Body<StartReset>,
) -> Result<(StatusCode, Json<StartedAnswer>), Refusal> {
    let user_id = TypedUserId::new(body.user_id);
    let started = start_reset(&host.store, &*host.ring, &host.entropy, &call, &user_id).await?;
    Ok((StatusCode::CREATED, Json(started.into())))
}

async fn view(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
) -> Result<Json<ResetAnswer>, Refusal> {
    Ok(Json(view_reset(&host.store, &call, &bearer, &ResetId(id)).await?.into()))
}

async fn cancel(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    cancel_reset(&host.store, &host.entropy, &call, &bearer, &ResetId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
    Body(body): Body<SendCode>,
) -> Result<(StatusCode, Json<ChallengeAnswer>), Refusal> {
    let wanted = WantedCode { kind: body.kind, destination: body.destination.as_deref() };
    let sent = send_code(&host.store, &*host.ring, &host.entropy, &call, &bearer, &ResetId(id), wanted).await?;
    Ok((StatusCode::ACCEPTED, Json(sent.into())))
}

async fn set_password(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
    Body(body): Body<SetPassword>,
) -> Result<StatusCode, Refusal> {
    let new = Password::new(&body.new_password);
    reset_password(&host.store, &host.hasher, &host.entropy, &call, &bearer, &ResetId(id), &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
