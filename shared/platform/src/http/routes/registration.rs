//! Routes of the function `registration`.

use crate::host::Host;
use crate::http::api::{AddMethod, ChallengeAnswer, ChangePassword, MethodsAnswer};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cookie::{Carrier, hand_out};
use crate::http::request::repeat::{Repeat, once, sent_again, session_once};
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use domain::error::ProblemCode;
use domain::flow::register::{self, NewMethod};
use domain::flow::{change_password, signed_in};
use domain::method::Kind;
use domain::password::Password;
use domain::port::Call;
use domain::session::Reach;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/me/methods", get(list).post(add))
        .route("/v1/me/methods/{kind}", delete(remove))
        .route("/v1/me/methods/{kind}/challenges", post(resend))
        .route("/v1/me/registration/finish", post(finish))
        .route("/v1/me/registration/postpone", post(postpone))
        .route("/v1/me/registration/reconfirm", post(reconfirm))
        .route("/v1/me/password", put(set_password))
        .with_state(host)
}

async fn list(Caller { host, call, bearer }: Caller) -> Result<Json<MethodsAnswer>, Refusal> {
    let who = signed_in::signed_in(&host.store, &call, &bearer, &[])
        .await?
        .reaching(&[Reach::Full, Reach::Register])?;
    Ok(Json(MethodsAnswer::of(&who.account, &who.policy.policy)))
}

async fn add(
    Caller { host, call, bearer }: Caller,
    repeat: Repeat,
    Body(body): Body<AddMethod>,
) -> Result<(StatusCode, Json<ChallengeAnswer>), Refusal> {
    let wanted = NewMethod { kind: body.kind, address: &body.destination };
    let first = async |call: &Call| {
        register::start_method(&host.store, &*host.ring, &host.entropy, call, &bearer, wanted).await
    };
    let sent =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, sent_again)
            .await?;
    Ok((StatusCode::ACCEPTED, Json(sent.into())))
}

async fn resend(
    Caller { host, call, bearer }: Caller,
    Path(kind): Path<String>,
    repeat: Repeat,
) -> Result<(StatusCode, Json<ChallengeAnswer>), Refusal> {
    let kind: Kind = kind.parse().map_err(|()| ProblemCode::NotFound)?;
    let first = async |call: &Call| {
        register::resend(&host.store, &*host.ring, &host.entropy, call, &bearer, kind).await
    };
    let sent =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, sent_again)
            .await?;
    Ok((StatusCode::ACCEPTED, Json(sent.into())))
}

async fn finish(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
    repeat: Repeat,
) -> Result<Response, Refusal> {
    let first =
        async |call: &Call| register::finish(&host.store, &host.entropy, call, &bearer).await;
    Ok(hand_out(session_once(&host, &call, repeat, &bearer, "", first).await?, carrier, call.now))
}

async fn postpone(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
    repeat: Repeat,
) -> Result<Response, Refusal> {
    let first =
        async |call: &Call| register::postpone(&host.store, &host.entropy, call, &bearer).await;
    Ok(hand_out(session_once(&host, &call, repeat, &bearer, "", first).await?, carrier, call.now))
}

async fn reconfirm(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
    repeat: Repeat,
) -> Result<Response, Refusal> {
    let first =
        async |call: &Call| register::reconfirm(&host.store, &host.entropy, call, &bearer).await;
    Ok(hand_out(session_once(&host, &call, repeat, &bearer, "", first).await?, carrier, call.now))
}

async fn remove(
    Caller { host, call, bearer }: Caller,
    Path(kind): Path<String>,
) -> Result<StatusCode, Refusal> {
    let kind: Kind = kind.parse().map_err(|()| ProblemCode::NotFound)?;
    register::remove_method(&host.store, &host.entropy, &call, &bearer, kind).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_password(
    Caller { host, call, bearer }: Caller,
    carrier: Carrier,
    Body(body): Body<ChangePassword>,
) -> Result<Response, Refusal> {
    let (current, new) = (Password::new(&body.current_password), Password::new(&body.new_password));
    if current.is_too_long() {
        return Err(ProblemCode::CurrentPasswordWrong.into());
    }
    let answer = change_password::change_password(
        &host.store,
        &host.hasher,
        &host.entropy,
        &call,
        &bearer,
        &current,
        &new,
    )
    .await?;
    Ok(hand_out(answer, carrier, call.now))
}
