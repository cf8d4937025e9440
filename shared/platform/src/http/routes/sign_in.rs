//! Routes of the function `sign-in`.

use crate::host::Host;
use crate::http::api::transport::SessionTransport;
use crate::http::api::{ConfirmPassword, Me, SignIn};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cookie;
use crate::http::request::hand_out::{hand_out, take_back};
use crate::http::request::idempotency::{IdempotencyKey, idempotent, idempotent_session};
use crate::http::route::{Route, Routes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use axum::{Extension, Json};
use domain::access::Access;
use domain::context::RequestContext;
use domain::error::ProblemCode;
use domain::flow::sign_in::confirm_password::confirm_password;
use domain::flow::sign_in::sign_out::{sign_out, sign_out_everywhere};
use domain::flow::sign_in::with_password::{sign_in, sign_in_again};
use domain::flow::steps::signed_in::signed_in;
use domain::identity::TypedUserId;
use domain::kind::Kind;
use domain::password::Password;
use domain::port::KeyRing;
use domain::secret::ExposeSecret;
use domain::session::{Next, Reach, postpone_until};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The rows of the function `sign-in`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::POST, "/v1/sign-in", Access::Anyone, "signIn", start),
        Route::new(Method::GET, "/v1/me", Access::Session, "getMe", me),
        Route::new(Method::DELETE, "/v1/session", Access::Session, "signOut", end),
        Route::new(Method::POST, "/v1/session/confirm", Access::Registration, "confirmPassword", confirm),
        Route::new(Method::DELETE, "/v1/sessions", Access::Session, "signOutEverywhere", end_all),
    ];
    Routes { function: "sign-in", rows }
}

/// The signed-in user, and what they must do next.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "user": { "userId": "kim@example.com", "name": "Kim Example", "role": "user", "language": null },
    "reach": "full", "next": null, "postponeUntil": null, "expiresAt": "2026-11-25T09:45:00Z",
    "undeliverable": ["email"]
}))))]
#[serde(rename_all = "camelCase")]
pub struct MeResponse {
    /// The user of the session.
    pub user: Me,
    /// What the session may be used for.
    pub reach: Reach,
    /// What the user must do next, if anything.
    pub next: Option<Next>,
    /// Until when `next` may be postponed.
    pub postpone_until: Option<String>,
    /// When the session ends at the latest.
    pub expires_at: String,
    /// Kinds whose messages are not delivered.
    pub undeliverable: BTreeSet<Kind>,
}

async fn start(
    State(host): State<Arc<Host>>,
    Extension(mut ctx): Extension<RequestContext>,
    headers: HeaderMap,
    key: IdempotencyKey,
    Body(body): Body<SignIn>,
) -> Result<Response, Refusal> {
    if body.session == SessionTransport::Cookie
        && !cookie::may_begin(&headers, host.settings.base_url.origin())
    {
        return Err(ProblemCode::CrossSite.into());
    }
    // A page always keeps the token of its device.
    ctx.devices.wanted |= body.session == SessionTransport::Cookie;
    let user_id = TypedUserId::new(body.user_id);
    let password = Password::new(&body.password);
    if user_id.is_ruled_out() || password.is_too_long() {
        // No account has such an ID or password: refuse without a call or a hash.
        return Err(ProblemCode::SignInFailed.into());
    }
    let handle = host.ring.keys().await?.handle(&user_id);
    let first = async |ctx: &RequestContext| {
        sign_in(&host.store, &*host.ring, &host.hasher, ctx, &user_id, &password).await
    };
    let again = async |ctx: &RequestContext, _| sign_in_again(&host.store, ctx, &handle).await;
    // A request with another password is a new attempt, not a repeated one.
    let credential = body.password.expose_secret();
    let session = idempotent(&host, &ctx, key, &handle, credential, first, again).await?;
    Ok(hand_out(&session, body.session, &ctx, &*host.ring).await?)
}

async fn end(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
) -> Result<Response, Refusal> {
    sign_out(&host.store, &ctx, &bearer).await?;
    Ok(take_back(StatusCode::NO_CONTENT, transport))
}

async fn end_all(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
) -> Result<Response, Refusal> {
    sign_out_everywhere(&host.store, &ctx, &bearer).await?;
    Ok(take_back(StatusCode::NO_CONTENT, transport))
}

async fn confirm(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
    key: IdempotencyKey,
    Body(body): Body<ConfirmPassword>,
) -> Result<Response, Refusal> {
    let password = Password::new(&body.password);
    if password.is_too_long() {
        return Err(ProblemCode::CurrentPasswordWrong.into());
    }
    let first = async |ctx: &RequestContext| {
        confirm_password(&host.store, &host.hasher, ctx, &bearer, &password).await
    };
    let proof = body.password.expose_secret();
    let session = idempotent_session(&host, &ctx, key, &bearer, proof, first).await?;
    Ok(hand_out(&session, transport, &ctx, &*host.ring).await?)
}

async fn me(Caller { host, ctx, bearer }: Caller) -> Result<Json<MeResponse>, Refusal> {
    let who = signed_in(&host.store, &ctx, &bearer, &[]).await?;
    let policy = &who.policy.policy;
    let next = who.session.next(&who.account, policy, ctx.now);
    let postpone_until = postpone_until(&who.account, policy, next, ctx.now);
    Ok(Json(MeResponse {
        user: Me::from(&who.account),
        reach: who.session.reach,
        next,
        postpone_until: postpone_until.map(|until| until.to_string()),
        expires_at: who.session.exp.to_string(),
        undeliverable: who.account.undeliverable_kinds(),
    }))
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::Operation;
    use crate::http::api::SessionResponse;
    use domain::error::ProblemCode as P;
    vec![
        Operation::of("signIn", "Sign in")
            .says("The response contains the session's bearer or, for pages of the configured address that ask for it, sets a `__Host-` cookie. `next` names the step that the user must do first. After ten wrong passwords, sign-in waits one minute; the wait doubles, up to 15 minutes. After a hundred failed sign-ins of one network address within an hour, whichever accounts they tried, the address waits. Neither wait holds for a known device: it waits only after its own ten wrong passwords.")
            .hands_out_device()
            .takes::<SignIn>()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::SignInFailed, P::SignInLocked, P::TooManyFromAddress, P::CrossSite, P::SignInRequired]),
        Operation::of("getMe", "Get the signed-in user")
            .says("The user of the session, what the session may be used for, and the next step.")
            .answers::<MeResponse>(200),
        Operation::of("signOut", "Sign out")
            .says("Ends this session.")
            .sets_cookie(),
        Operation::of("confirmPassword", "Confirm your password")
            .says("The session may then change methods for 20 minutes. It gets a new bearer.")
            .reads_device()
            .takes::<ConfirmPassword>()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::CurrentPasswordWrong, P::SignInLocked]),
        Operation::of("signOutEverywhere", "Sign out everywhere")
            .says("Ends all sessions of the account, including this one, and its resets and codes. All known devices are forgotten.")
            .sets_cookie(),
    ]
}
