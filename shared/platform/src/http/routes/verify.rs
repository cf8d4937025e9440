//! The route of the function `verify`.

use crate::host::Host;
use crate::http::answered::Note;
use crate::http::api::{VerifiedAnswer, VerifyCode};
use crate::http::problem::Refusal;
use crate::http::request::auth::AnyBearer;
use crate::http::request::body::Body;
use crate::http::request::repeat::{Repeat, once};
use crate::metrics::Step;
use axum::extract::{Path, State};
use axum::routing::post;
use axum::{Extension, Json, Router};
use domain::challenge::ChallengeId;
use domain::code::TypedCode;
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::verify_code::{support_code, verified_again, verify_code};
use domain::port::Call;
use domain::repeat::Remembered;
use domain::secret::{BearerKind, ExposeSecret};
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
) -> Result<(Extension<Note>, Json<VerifiedAnswer>), Refusal> {
    let typed = TypedCode::parse(body.code.expose_secret())
        .ok_or_else(|| Problem::field("/code", ViolationCode::NotACode))?;
    let challenge = ChallengeId::parse(&challenge).ok_or(ProblemCode::NotFound)?;
    let step = match bearer.kind {
        BearerKind::Reset => Some(Step::Verified),
        BearerKind::Session => None,
    };
    let support_code = support_code(&call, &bearer);
    let first = async |call: &Call| {
        let verified =
            verify_code(&host.store, &*host.ring, &host.entropy, call, &bearer, &challenge, &typed)
                .await?;
        Ok((verified.kind, Note { step, verified: Some(verified), ..Note::of(&support_code) }))
    };
    let again = async |_: &Call, first: Remembered| {
        let kind = verified_again(first.outcome).ok_or_else(Problem::unavailable)?;
        Ok((kind, Note::of(&support_code)))
    };
    let verified =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, again).await;
    let (verified, note) = verified.map_err(|problem| problem.with_support_code(&support_code))?;
    Ok((Extension(note), Json(VerifiedAnswer { verified })))
}
