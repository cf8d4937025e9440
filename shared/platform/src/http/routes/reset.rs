//! Routes of the function `reset`.

use crate::host::Host;
use crate::http::api::{ChallengeAnswer, ResetAnswer, SendCode, SetPassword, StartReset, StartedAnswer};
use crate::http::problem::Refusal;
use crate::http::request::auth::ResetBearer;
use crate::http::request::body::Body;
use crate::http::request::repeat::{Repeat, once, sent_again};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use domain::account::TypedUserId;
use domain::error::{Problem, ViolationCode};
use domain::flow::reset_password::{cancel_reset, reset_password, view_reset};
use domain::flow::send_code::{WantedCode, send_code};
use domain::flow::start_reset::{start_reset, start_reset_again};
use domain::password::Password;
use domain::port::{Call, KeyRing};
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
    repeat: Repeat,
    Body(body): Body<StartReset>,
) -> Result<(StatusCode, Json<StartedAnswer>), Refusal> {
    let user_id = TypedUserId::new(body.user_id);
    if user_id.is_too_long() {
        return Err(Problem::field("/userId", ViolationCode::NotAUserId).into());
    }
    let handle = host.ring.keys().await?.handle(&user_id);
    let (store, ring, entropy) = (&host.store, &*host.ring, &host.entropy);
    // The answer holds the bearer: whoever asks from elsewhere gets their own.
    let first = async |call: &Call| start_reset(store, ring, entropy, call, &user_id).await;
    let again = async |call: &Call, _| start_reset_again(store, ring, entropy, call, &user_id).await;
    let started = once(&host, &call, repeat, &handle, &call.source, first, again).await?;
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
    repeat: Repeat,
    Body(body): Body<SendCode>,
) -> Result<(StatusCode, Json<ChallengeAnswer>), Refusal> {
    let wanted = WantedCode { kind: body.kind, destination: body.destination.as_deref() };
    let id = ResetId(id);
    let first = async |call: &Call| send_code(&host.store, &*host.ring, &host.entropy, call, &bearer, &id, wanted).await;
    let sent = once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, sent_again).await?;
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
