//! The route of the function `verify`.

use crate::host::Host;
use crate::http::api::{VerifiedAnswer, VerifyCode};
use crate::http::problem::Refusal;
use crate::http::request::auth::AnyBearer;
use crate::http::request::body::Body;
use crate::http::request::repeat::{Repeat, once};
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use domain::challenge::ChallengeId;
use domain::code::TypedCode;
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::verify_code::{Verified, support_code, verify_code};
use domain::port::Call;
use domain::repeat::Remembered;
use domain::secret::ExposeSecret;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new().route("/v1/challenges/{challengeId}/verify", post(verify)).with_state(host)
}

async fn verify(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    AnyBearer(bearer): AnyBearer,
    Path(challenge): Path<String>,
    repeat: Repeat,
    Body(body): Body<VerifyCode>,
) -> Result<Json<VerifiedAnswer>, Refusal> {
    let typed = TypedCode::parse(body.code.expose_secret()).ok_or_else(|| Problem::field("/code", ViolationCode::NotACode))?;
    let challenge = ChallengeId::parse(&challenge).ok_or(ProblemCode::NotFound)?;
    let first = async |call: &Call| verify_code(&host.store, &*host.ring, &host.entropy, call, &bearer, &challenge, &typed).await;
    let again = async |_: &Call, first: Remembered| Verified::again(first.outcome).ok_or_else(Problem::unavailable);
    let verified = once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, again).await;
    let verified = verified.map_err(|problem| problem.with_support_code(&support_code(&call, &bearer)))?;
    Ok(Json(VerifiedAnswer { verified: verified.kind }))
}
