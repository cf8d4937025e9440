//! The route of the function `verify`.

use crate::host::Host;
use crate::http::answer_log::Note;
use crate::http::api::VerifyCode;
use crate::http::problem::Refusal;
use crate::http::request::auth::AnyBearer;
use crate::http::request::body::Body;
use crate::http::request::idempotency::{IdempotencyKey, idempotent_for};
use crate::http::request::names::ChallengePath;
use crate::http::route::{Route, Routes};
use crate::metrics::Step;
use axum::extract::State;
use axum::http::Method;
use axum::{Extension, Json};
use domain::access::Access;
use domain::challenge::Purpose;
use domain::code::TypedCode;
use domain::context::RequestContext;
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::verify::guess::{Guess, Verified, support_code};
use domain::flow::verify::verify_code::{verify_again, verify_code};
use domain::idempotency::IdempotencyRecord;
use domain::kind::Kind;
use domain::secret::ExposeSecret;
use serde::Serialize;
use std::sync::Arc;

/// The rows of the function `verify`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::POST, "/v1/challenges/{challengeId}/verify", Access::ResetOrRegistration, "verifyCode", verify),
    ];
    Routes { function: "verify", rows }
}

/// The code was accepted.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({ "verified": "email" }))))]
#[serde(rename_all = "camelCase")]
pub struct VerifiedResponse {
    /// The kind that the code proved.
    pub verified: Kind,
}

async fn verify(
    State(host): State<Arc<Host>>,
    Extension(ctx): Extension<RequestContext>,
    AnyBearer(bearer): AnyBearer,
    ChallengePath(challenge): ChallengePath,
    key: IdempotencyKey,
    Body(body): Body<VerifyCode>,
) -> Result<(Extension<Note>, Json<VerifiedResponse>), Refusal> {
    let typed = TypedCode::parse(body.code.expose_secret())
        .ok_or_else(|| Problem::field("/code", ViolationCode::NotACode))?;
    let challenge = challenge.ok_or(ProblemCode::NotFound)?;
    let guess = Guess { bearer: &bearer, challenge: &challenge, typed: &typed };
    let first =
        async |ctx: &RequestContext| verify_code(&host.store, &*host.ring, ctx, guess).await;
    let again = async |ctx: &RequestContext, first: IdempotencyRecord| {
        verify_again(&host.store, &*host.ring, ctx, guess, first.outcome).await
    };
    let support_code = support_code(&ctx, &bearer);
    let verified = idempotent_for(&host, &ctx, key, &bearer, first, again).await;
    let verified = verified.map_err(|problem| problem.with_support_code(&support_code))?;
    let step = |verified: &Verified| match verified.purpose {
        Purpose::Reset => Some(Step::Verified),
        Purpose::Registration => None,
    };
    let step = verified.as_ref().and_then(step);
    let note = Note { step, verified, ..Note::of(&support_code) };
    Ok((Extension(note), Json(VerifiedResponse { verified: challenge.kind })))
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::Operation;
    use domain::error::ProblemCode as P;
    vec![
        Operation::of("verifyCode", "Verify a code")
            .says("For the reset or the registration that the code was sent for. All codes that are not accepted give the same problem, which does not tell the reason.")
            .takes::<VerifyCode>()
            .answers::<VerifiedResponse>(200)
            .refuses(&[P::CodeNotAccepted, P::ResetEnded, P::NotFound, P::ResetClosed, P::TooSoon]),
    ]
}
