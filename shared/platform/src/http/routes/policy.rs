//! Routes of the function `policy`.

use crate::host::Host;
use crate::http::api::{
    JudgedAnswer, LimitsAnswer, OrganisationAnswer, PageAnswer, PolicyAnswer, SaveTerms,
    TermsAnswer,
};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cursor::{Paging, seal};
use crate::http::request::query::parameter;
use crate::http::request::version::{if_match, tagged};
use axum::extract::{FromRequestParts, State};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};
use domain::account::Language;
use domain::error::{Problem, ViolationCode};
use domain::flow::{set_policy, set_terms};
use domain::policy::Policy;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/limits", get(limits))
        .route("/v1/organisation", get(organisation))
        .route("/v1/policy", get(view).put(save))
        .route("/v1/policy/history", get(history))
        .route("/v1/policy/terms", get(view_terms).put(save_terms))
        .with_state(host)
}

async fn limits(State(host): State<Arc<Host>>) -> Result<Json<LimitsAnswer>, Refusal> {
    let saved = set_policy::current_policy(&host.store).await?;
    Ok(Json(LimitsAnswer::from(&saved.policy)))
}

async fn view(Caller { host, call, bearer }: Caller) -> Result<impl IntoResponse, Refusal> {
    let saved = set_policy::view_policy(&host.store, &call, &bearer).await?;
    Ok(tagged(saved.version, PolicyAnswer::from(&saved)))
}

async fn save(
    Caller { host, call, bearer }: Caller,
    Extension(language): Extension<Language>,
    headers: HeaderMap,
    DryRun(dry_run): DryRun,
    Body(policy): Body<Policy>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let judged =
        set_policy::save_policy(&host.store, &host.entropy, &call, &bearer, seen, policy, dry_run)
            .await?;
    Ok(tagged(judged.policy.version, JudgedAnswer::of(&judged, language)))
}

async fn organisation(State(host): State<Arc<Host>>) -> Result<Json<OrganisationAnswer>, Refusal> {
    let saved = set_policy::current_policy(&host.store).await?;
    Ok(Json(OrganisationAnswer::from(&saved.policy.organisation)))
}

/// `?dryRun=true`: judge and tell, but do not save.
struct DryRun(bool);

impl<S: Sync> FromRequestParts<S> for DryRun {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match parameter(&parts.uri, "dryRun").as_deref() {
            Some("true") => Ok(DryRun(true)),
            Some("false") | None => Ok(DryRun(false)),
            Some(_) => Err(Problem::field("/dryRun", ViolationCode::WrongType).into()),
        }
    }
}

async fn history(
    Caller { host, call, bearer }: Caller,
    paging: Paging,
) -> Result<Json<PageAnswer<PolicyAnswer>>, Refusal> {
    let keys = paging.keys(&*host.ring).await?;
    let from = paging.position("policies", &keys)?;
    let page = set_policy::policy_history(&host.store, &call, &bearer, paging.limit, from).await?;
    Ok(Json(PageAnswer {
        items: page.items.iter().map(PolicyAnswer::from).collect(),
        cursor: page.next.map(|position| seal(&position, "policies", &keys)),
    }))
}

async fn view_terms(Caller { host, call, bearer }: Caller) -> Result<impl IntoResponse, Refusal> {
    let saved = set_terms::view_terms(&host.store, &call, &bearer).await?;
    Ok(tagged(saved.version, TermsAnswer::from(&saved)))
}

async fn save_terms(
    Caller { host, call, bearer }: Caller,
    headers: HeaderMap,
    Body(body): Body<SaveTerms>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let saved =
        set_terms::save_terms(&host.store, &host.entropy, &call, &bearer, seen, body.terms).await?;
    Ok(tagged(saved.version, TermsAnswer::from(&saved)))
}
