//! Routes of the function `reset`.

use crate::host::Host;
use crate::http::answer_log::Note;
use crate::http::api::{ChallengeResponse, SendCode, SetPassword, StartReset};
use crate::http::problem::Refusal;
use crate::http::request::auth::ResetBearer;
use crate::http::request::body::Body;
use crate::http::request::idempotency::{IdempotencyKey, idempotent, idempotent_for, sent_again};
use crate::http::request::names::ResetPath;
use crate::http::request::{cookie, device};
use crate::http::route::{Route, Routes};
use crate::http::steady::in_steps;
use crate::metrics::Step;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use domain::access::Access;
use domain::context::RequestContext;
use domain::error::{Problem, ViolationCode};
use domain::flow::reset::cancel::cancel_reset;
use domain::flow::reset::issue_challenge::issue_challenge;
use domain::flow::reset::set_password::set_password;
use domain::flow::reset::start::{StartedReset, start_reset, start_reset_again};
use domain::flow::reset::view::{ResetView, view_reset};
use domain::identity::TypedUserId;
use domain::kind::Kind;
use domain::password::Password;
use domain::port::KeyRing;
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rows of the function `reset`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::POST, "/v1/resets", Access::Anyone, "startReset", start),
        Route::new(Method::GET, "/v1/resets/{resetId}", Access::Reset, "getReset", view),
        Route::new(Method::DELETE, "/v1/resets/{resetId}", Access::Reset, "cancelReset", cancel),
        Route::new(Method::POST, "/v1/resets/{resetId}/challenges", Access::Reset, "sendCode", challenge),
        Route::new(Method::PUT, "/v1/resets/{resetId}/password", Access::Reset, "resetPassword", put_password),
    ];
    Routes { function: "reset", rows }
}

/// A reset that was started. `bearer` is shown only here.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "resetId": "r…", "bearer": "lkr_…", "kinds": ["email", "mobilePhone"],
    "typed": ["mobilePhone"], "unavailable": [], "expiresAt": "2026-11-25T09:45:00Z",
    "supportCode": "AB12C-D34EF"
}))))]
#[serde(rename_all = "camelCase")]
pub struct StartedResponse {
    reset_id: String,
    bearer: String,
    /// Kinds that the policy allows. They are the same for every user ID.
    kinds: BTreeSet<Kind>,
    /// Kinds whose destination must be typed in full to get a code.
    typed: BTreeSet<Kind>,
    /// Kinds that are unavailable to all users now.
    unavailable: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<StartedReset> for StartedResponse {
    fn from(started: StartedReset) -> StartedResponse {
        StartedResponse {
            bearer: started.bearer.reveal(),
            reset_id: started.id.0,
            kinds: started.kinds,
            typed: started.typed,
            unavailable: started.unavailable,
            expires_at: started.expires.to_string(),
            support_code: started.support_code.as_str().to_owned(),
        }
    }
}

/// The state of a reset.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "next": "method", "verified": ["email"], "expiresAt": "2026-11-25T09:45:00Z",
    "supportCode": "AB12C-D34EF"
}))))]
#[serde(rename_all = "camelCase")]
pub struct ResetResponse {
    /// `method`: verify a kind, or one more. `password`: set the new password.
    next: &'static str,
    /// Kinds that were verified in this reset.
    verified: BTreeSet<Kind>,
    expires_at: String,
    support_code: String,
}

impl From<ResetView> for ResetResponse {
    fn from(view: ResetView) -> ResetResponse {
        ResetResponse {
            next: if view.ready { "password" } else { "method" },
            verified: view.verified,
            expires_at: view.expires.to_string(),
            support_code: view.support_code.as_str().to_owned(),
        }
    }
}

async fn start(
    State(host): State<Arc<Host>>,
    Extension(ctx): Extension<RequestContext>,
    key: IdempotencyKey,
    Body(body): Body<StartReset>,
) -> Result<(StatusCode, Extension<Note>, Json<StartedResponse>), Refusal> {
    let user_id = TypedUserId::new(body.user_id);
    if user_id.is_ruled_out() {
        return Err(Problem::field("/userId", ViolationCode::NotAUserId).into());
    }
    let handle = host.ring.keys().await?.handle(&user_id);
    let (store, ring) = (&host.store, &*host.ring);
    let first = async |ctx: &RequestContext| {
        Ok((start_reset(store, ring, ctx, &user_id).await?, Some(Step::Started)))
    };
    let again = async |ctx: &RequestContext, _| {
        Ok((start_reset_again(store, ring, ctx, &user_id).await?, None))
    };
    // The response contains the bearer: a caller at another address gets its own reset.
    let answer = Box::pin(idempotent(&host, &ctx, key, &handle, &ctx.source, first, again));
    let (started, step) = in_steps(&host, answer).await?;
    let note = Note { step, ..Note::of(&started.support_code) };
    Ok((StatusCode::CREATED, Extension(note), Json(started.into())))
}

async fn view(
    State(host): State<Arc<Host>>,
    Extension(ctx): Extension<RequestContext>,
    ResetBearer(bearer): ResetBearer,
    ResetPath(id): ResetPath,
) -> Result<(Extension<Note>, Json<ResetResponse>), Refusal> {
    let view = view_reset(&host.store, &ctx, &bearer, &id).await?;
    let note = Note { step: view.ready.then_some(Step::Ready), ..Note::of(&view.support_code) };
    Ok((Extension(note), Json(view.into())))
}

async fn cancel(
    State(host): State<Arc<Host>>,
    Extension(ctx): Extension<RequestContext>,
    ResetBearer(bearer): ResetBearer,
    ResetPath(id): ResetPath,
) -> Result<(StatusCode, Extension<Note>), Refusal> {
    cancel_reset(&host.store, &ctx, &bearer, &id).await?;
    Ok((StatusCode::NO_CONTENT, Extension(Note::of(&id.support_code()))))
}

async fn challenge(
    State(host): State<Arc<Host>>,
    Extension(ctx): Extension<RequestContext>,
    ResetBearer(bearer): ResetBearer,
    ResetPath(id): ResetPath,
    key: IdempotencyKey,
    Body(body): Body<SendCode>,
) -> Result<(StatusCode, Extension<Note>, Json<ChallengeResponse>), Refusal> {
    let wanted = body.parsed()?;
    let first = async |ctx: &RequestContext| {
        issue_challenge(&host.store, &*host.ring, ctx, &bearer, &id, &wanted).await
    };
    let sent = idempotent_for(&host, &ctx, key, &bearer, first, sent_again).await?;
    let note = Note { step: sent.first.then_some(Step::CodeSent), ..Note::of(&id.support_code()) };
    let destination = wanted.destination.as_ref();
    Ok((StatusCode::ACCEPTED, Extension(note), Json(ChallengeResponse::of(&sent, destination))))
}

async fn put_password(
    State(host): State<Arc<Host>>,
    Extension(mut ctx): Extension<RequestContext>,
    headers: HeaderMap,
    ResetBearer(bearer): ResetBearer,
    ResetPath(id): ResetPath,
    Body(body): Body<SetPassword>,
) -> Result<Response, Refusal> {
    // A page always keeps the token of its device.
    ctx.devices.wanted |= cookie::may_begin(&headers, host.settings.base_url.origin());
    let new = Password::new(&body.new_password);
    let (store, hasher, breached) = (&host.store, &host.hasher, &host.breached);
    let token = set_password(store, hasher, breached, &ctx, &bearer, &id, &new).await?;
    let note = Note { step: Some(Step::Completed), ..Note::of(&id.support_code()) };
    let mut response = (StatusCode::NO_CONTENT, Extension(note)).into_response();
    if token.is_some() {
        let keys = host.ring.keys().await?;
        device::hand_out(&mut response, token.as_ref(), &ctx.devices, &keys);
    }
    Ok(response)
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::{Operation, SENDING};
    use domain::error::ProblemCode as P;
    vec![
        Operation::of("startReset", "Start a reset")
            .says("The response looks the same whether or not the user ID has an account; its kinds come from the policy. The bearer is shown only once.")
            .reads_device()
            .takes::<StartReset>()
            .answers::<StartedResponse>(201)
            .refuses(&[P::ResetOff, P::ResetClosed, P::TooManyFromAddress]),
        Operation::of("getReset", "Get the next step of a reset")
            .says("`next` is `method` to verify a kind (or one more), or `password` to set the new password.")
            .answers::<ResetResponse>(200),
        Operation::of("cancelReset", "Cancel a reset").says("Ends the reset. Its codes stop working."),
        Operation::of("sendCode", "Send a code")
            .says("Starts a challenge. For a kind with a destination, sends a code if the account exists and has a method of this kind. If the destination must be typed, it must also match that method. The response is the same if no code is sent.")
            .takes::<SendCode>()
            .answers::<ChallengeResponse>(202)
            .refuses(SENDING)
            .refuses(&[P::ResetClosed]),
        Operation::of("resetPassword", "Set the new password")
            .says("Ends this reset, and all sessions and other resets of the account. The old password stops working, and all known devices are forgotten. If the new password is refused, the reset goes on. The caller is not signed in. The next sign-in asks the user to review the methods. Until then, a method less than 7 days old that did not prove this reset cannot prove another.")
            .hands_out_device()
            .sets_cookie()
            .takes::<SetPassword>()
            .refuses(&[P::ProofMissing, P::PasswordRefused]),
    ]
}
