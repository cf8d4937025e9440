//! Routes of the function `reset`.

use crate::host::Host;
use crate::http::answered::Note;
use crate::http::api::{
    ChallengeAnswer, ResetAnswer, SendCode, SetPassword, StartReset, StartedAnswer,
};
use crate::http::problem::Refusal;
use crate::http::request::auth::ResetBearer;
use crate::http::request::body::Body;
use crate::http::request::repeat::{Repeat, once, sent_again};
use crate::metrics::Step;
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
) -> Result<(StatusCode, Extension<Note>, Json<StartedAnswer>), Refusal> {
    let user_id = TypedUserId::new(body.user_id);
    if user_id.is_too_long() {
        return Err(Problem::field("/userId", ViolationCode::NotAUserId).into());
    }
    let handle = host.ring.keys().await?.handle(&user_id);
    let (store, ring, entropy) = (&host.store, &*host.ring, &host.entropy);
    // The answer holds the bearer: whoever asks from elsewhere gets their own.
    let first = async |call: &Call| {
        Ok((start_reset(store, ring, entropy, call, &user_id).await?, Some(Step::Started)))
    };
    let again = async |call: &Call, _| {
        Ok((start_reset_again(store, ring, entropy, call, &user_id).await?, None))
    };
    let (started, step) = once(&host, &call, repeat, &handle, &call.source, first, again).await?;
    let note = Note { step, ..Note::of(&started.support_code) };
    Ok((StatusCode::CREATED, Extension(note), Json(started.into())))
}

async fn view(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
) -> Result<(Extension<Note>, Json<ResetAnswer>), Refusal> {
    let view = view_reset(&host.store, &call, &bearer, &ResetId(id)).await?;
    let note = Note { step: view.ready.then_some(Step::Ready), ..Note::of(&view.support_code) };
    Ok((Extension(note), Json(view.into())))
}

async fn cancel(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
) -> Result<(StatusCode, Extension<Note>), Refusal> {
    let id = ResetId(id);
    cancel_reset(&host.store, &host.entropy, &call, &bearer, &id).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Note::of(&id.support_code()))))
}

async fn send(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
    repeat: Repeat,
    Body(body): Body<SendCode>,
) -> Result<(StatusCode, Extension<Note>, Json<ChallengeAnswer>), Refusal> {
    let wanted = WantedCode { kind: body.kind, destination: body.destination.as_deref() };
    let id = ResetId(id);
    let first = async |call: &Call| {
        send_code(&host.store, &*host.ring, &host.entropy, call, &bearer, &id, wanted).await
    };
    let sent =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, sent_again)
            .await?;
    let note = Note { step: sent.first.then_some(Step::CodeSent), ..Note::of(&id.support_code()) };
    Ok((StatusCode::ACCEPTED, Extension(note), Json(sent.into())))
}

async fn set_password(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    ResetBearer(bearer): ResetBearer,
    Path(id): Path<String>,
    Body(body): Body<SetPassword>,
) -> Result<(StatusCode, Extension<Note>), Refusal> {
    let (id, new) = (ResetId(id), Password::new(&body.new_password));
    reset_password(&host.store, &host.hasher, &host.entropy, &call, &bearer, &id, &new).await?;
    let note = Note { step: Some(Step::Completed), ..Note::of(&id.support_code()) };
    Ok((StatusCode::NO_CONTENT, Extension(note)))
}
