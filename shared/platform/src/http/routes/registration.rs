//! Routes of the function `registration`.

use crate::http::api::transport::SessionTransport;
use crate::http::api::{AddMethod, ChallengeResponse, ChangePassword, MethodsResponse};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::hand_out::hand_out;
use crate::http::request::idempotency::{
    IdempotencyKey, idempotent_for, idempotent_session, sent_again,
};
use crate::http::request::names::MethodPath;
use crate::http::route::{Route, Routes};
use axum::Json;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use domain::access::Access;
use domain::context::RequestContext;
use domain::error::ProblemCode;
use domain::flow::registration::change_password::change_password;
use domain::flow::registration::finish::finish;
use domain::flow::registration::postpone::postpone;
use domain::flow::registration::reconfirm::reconfirm;
use domain::flow::registration::remove_method::remove_method;
use domain::flow::registration::start_method::{NewBinding, resend, start_method};
use domain::flow::registration::view::view_methods;
use domain::method::Binding;
use domain::password::Password;

/// The rows of the function `registration`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::GET, "/v1/me/methods", Access::Registration, "listMethods", list),
        Route::new(Method::POST, "/v1/me/methods", Access::Registration, "addMethod", add),
        Route::new(Method::DELETE, "/v1/me/methods/{methodId}", Access::Registration, "deleteMethod", remove),
        Route::new(Method::POST, "/v1/me/methods/{methodId}/challenges", Access::Registration, "resendCode", send_again),
        Route::new(Method::POST, "/v1/me/registration/finish", Access::Registration, "finishRegistration", finish_registration),
        Route::new(Method::POST, "/v1/me/registration/postpone", Access::Registration, "postponeRegistration", postpone_registration),
        Route::new(Method::POST, "/v1/me/registration/reconfirm", Access::Registration, "reconfirmMethods", reconfirm_methods),
        Route::new(Method::PUT, "/v1/me/password", Access::PasswordChange, "changePassword", put_password),
    ];
    Routes { function: "registration", rows }
}

async fn list(Caller { host, ctx, bearer }: Caller) -> Result<Json<MethodsResponse>, Refusal> {
    let (account, policy) = view_methods(&host.store, &ctx, &bearer).await?;
    Ok(Json(MethodsResponse::of(&account, &policy)))
}

async fn add(
    Caller { host, ctx, bearer }: Caller,
    key: IdempotencyKey,
    Body(body): Body<AddMethod>,
) -> Result<(StatusCode, Json<ChallengeResponse>), Refusal> {
    let destination = body.parsed()?;
    let binding = NewBinding::Known(Binding::to(destination.clone()));
    let first = async |ctx: &RequestContext| {
        start_method(&host.store, &*host.ring, ctx, &bearer, body.kind, &binding).await
    };
    let sent = idempotent_for(&host, &ctx, key, &bearer, first, sent_again).await?;
    Ok((StatusCode::ACCEPTED, Json(ChallengeResponse::of(&sent, Some(&destination)))))
}

async fn send_again(
    Caller { host, ctx, bearer }: Caller,
    MethodPath(id): MethodPath,
    key: IdempotencyKey,
) -> Result<(StatusCode, Json<ChallengeResponse>), Refusal> {
    let first =
        async |ctx: &RequestContext| resend(&host.store, &*host.ring, ctx, &bearer, id).await;
    let sent = idempotent_for(&host, &ctx, key, &bearer, first, sent_again).await?;
    Ok((StatusCode::ACCEPTED, Json(ChallengeResponse::of(&sent, None))))
}

async fn finish_registration(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
    key: IdempotencyKey,
) -> Result<Response, Refusal> {
    let first = async |ctx: &RequestContext| finish(&host.store, ctx, &bearer).await;
    let session = idempotent_session(&host, &ctx, key, &bearer, "", first).await?;
    Ok(hand_out(&session, transport, &ctx, &*host.ring).await?)
}

async fn postpone_registration(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
    key: IdempotencyKey,
) -> Result<Response, Refusal> {
    let first = async |ctx: &RequestContext| postpone(&host.store, ctx, &bearer).await;
    let session = idempotent_session(&host, &ctx, key, &bearer, "", first).await?;
    Ok(hand_out(&session, transport, &ctx, &*host.ring).await?)
}

async fn reconfirm_methods(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
    key: IdempotencyKey,
) -> Result<Response, Refusal> {
    let first = async |ctx: &RequestContext| reconfirm(&host.store, ctx, &bearer).await;
    let session = idempotent_session(&host, &ctx, key, &bearer, "", first).await?;
    Ok(hand_out(&session, transport, &ctx, &*host.ring).await?)
}

async fn remove(
    Caller { host, ctx, bearer }: Caller,
    MethodPath(id): MethodPath,
) -> Result<StatusCode, Refusal> {
    remove_method(&host.store, &ctx, &bearer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn put_password(
    Caller { host, ctx, bearer }: Caller,
    transport: SessionTransport,
    Body(body): Body<ChangePassword>,
) -> Result<Response, Refusal> {
    let current = Password::new(&body.current_password);
    let new = Password::new(&body.new_password);
    if current.is_too_long() {
        return Err(ProblemCode::CurrentPasswordWrong.into());
    }
    let session =
        change_password(&host.store, &host.hasher, &host.breached, &ctx, &bearer, &current, &new)
            .await?;
    Ok(hand_out(&session, transport, &ctx, &*host.ring).await?)
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::{Operation, SENDING};
    use crate::http::api::SessionResponse;
    use domain::error::ProblemCode as P;
    vec![
        Operation::of("listMethods", "List your methods")
            .says("Destinations are masked. Also shows the kinds that are allowed and how many are needed.")
            .answers::<MethodsResponse>(200),
        Operation::of("addMethod", "Add or change a method")
            .says("Sends a code to the destination. Once the code is verified, the destination replaces the account's earlier one of that kind. Before that, it is used for nothing else.")
            .takes::<AddMethod>()
            .answers::<ChallengeResponse>(202)
            .refuses(SENDING)
            .refuses(&[P::PasswordProofRequired]),
        Operation::of("deleteMethod", "Delete one of your methods")
            .says("Ends all other sessions, and all resets and codes of the account, and sends a notice to every destination that was valid before. This session stays.")
            .refuses(&[P::NotFound, P::PasswordProofRequired]),
        Operation::of("resendCode", "Send another code to a new destination")
            .says("The earlier code stops working. The wait before the next code doubles each time.")
            .answers::<ChallengeResponse>(202)
            .refuses(SENDING)
            .refuses(&[P::NotFound, P::PasswordProofRequired]),
        Operation::of("finishRegistration", "Finish registration")
            .says("When enough kinds are verified, the session becomes a full session, under a new bearer.")
            .hands_out_device()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::MethodMissing]),
        Operation::of("postponeRegistration", "Postpone registration")
            .says("If the policy still allows it. The step `review` cannot be postponed. The session gets a new bearer.")
            .hands_out_device()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::NothingDue, P::PostponeOver]),
        Operation::of("reconfirmMethods", "Confirm your methods")
            .says("Completes the steps `review`, that all methods are yours after a reset, and `reconfirm`, that they are still right. Every method can reset the password from then on. The session gets a new bearer, and continues with the next step, if there is one.")
            .hands_out_device()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::NothingDue]),
        Operation::of("changePassword", "Change your password")
            .says("Needs the current password too. Ends all other sessions, and all resets and codes of the account, and forgets all known devices. This session gets a new bearer.")
            .hands_out_device()
            .takes::<ChangePassword>()
            .answers::<SessionResponse>(200)
            .sets_cookie()
            .refuses(&[P::CurrentPasswordWrong, P::PasswordRefused, P::SignInLocked, P::StepRequired]),
    ]
}
