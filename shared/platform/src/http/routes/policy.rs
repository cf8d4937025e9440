//! Routes of the function `policy`.

use crate::host::Host;
use crate::http::api::{
    LimitsResponse, OrganisationResponse, PageResponse, PolicyResponse, PolicySaveResponse,
    SaveTerms, TermsResponse,
};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cursor::Paging;
use crate::http::request::query::parameter;
use crate::http::request::version::{if_match, tagged};
use crate::http::route::{Route, Routes};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::access::Access;
use domain::error::{Problem, ViolationCode};
use domain::flow::policy::save_policy::save_policy;
use domain::flow::policy::save_terms;
use domain::flow::policy::view;
use domain::language::Language;
use domain::policy::Policy;
use std::sync::Arc;

/// The rows of the function `policy`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::GET, "/v1/limits", Access::Anyone, "getLimits", limits),
        Route::new(Method::GET, "/v1/organisation", Access::Anyone, "getOrganisation", organisation),
        Route::new(Method::GET, "/v1/policy", Access::Administrator, "getPolicy", get_policy),
        Route::new(Method::PUT, "/v1/policy", Access::Administrator, "savePolicy", save).query(&["dryRun"]),
        Route::new(Method::GET, "/v1/policy/history", Access::Administrator, "listPolicies", history).query(&["limit", "cursor"]),
        Route::new(Method::GET, "/v1/policy/terms", Access::Administrator, "getTerms", get_terms),
        Route::new(Method::PUT, "/v1/policy/terms", Access::Administrator, "saveTerms", put_terms),
    ];
    Routes { function: "policy", rows }
}

async fn limits(State(host): State<Arc<Host>>) -> Result<Json<LimitsResponse>, Refusal> {
    let saved = view::current_policy(&host.store).await?;
    Ok(Json(LimitsResponse::from(&saved.policy)))
}

async fn organisation(
    State(host): State<Arc<Host>>,
) -> Result<Json<OrganisationResponse>, Refusal> {
    let saved = view::current_policy(&host.store).await?;
    Ok(Json(OrganisationResponse::from(&saved.policy.organisation)))
}

async fn get_policy(Caller { host, ctx, bearer }: Caller) -> Result<impl IntoResponse, Refusal> {
    let saved = view::view_policy(&host.store, &ctx, &bearer).await?;
    Ok(tagged(saved.version, PolicyResponse::from(&saved)))
}

async fn save(
    Caller { host, ctx, bearer }: Caller,
    Extension(language): Extension<Language>,
    headers: HeaderMap,
    DryRun(dry_run): DryRun,
    Body(policy): Body<Policy>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let outcome = save_policy(&host.store, &ctx, &bearer, seen, policy, dry_run).await?;
    Ok(tagged(outcome.policy.version, PolicySaveResponse::of(&outcome, language)))
}

/// `?dryRun=true`: check the policy, but do not save it.
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
    Caller { host, ctx, bearer }: Caller,
    paging: Paging,
) -> Result<Json<PageResponse<PolicyResponse>>, Refusal> {
    let read =
        async |limit, from| view::policy_history(&host.store, &ctx, &bearer, limit, from).await;
    let page = paging.page(&*host.ring, "policies", read).await?;
    Ok(Json(page.map(|saved| PolicyResponse::from(&saved))))
}

async fn get_terms(Caller { host, ctx, bearer }: Caller) -> Result<impl IntoResponse, Refusal> {
    let saved = save_terms::view_terms(&host.store, &ctx, &bearer).await?;
    Ok(tagged(saved.version, TermsResponse::from(&saved)))
}

async fn put_terms(
    Caller { host, ctx, bearer }: Caller,
    headers: HeaderMap,
    Body(body): Body<SaveTerms>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let saved = save_terms::save_terms(&host.store, &ctx, &bearer, seen, body.terms).await?;
    Ok(tagged(saved.version, TermsResponse::from(&saved)))
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::Operation;
    vec![
        Operation::of("getLimits", "Get the limits that a client needs")
            .says("Lengths, lifetimes and waits, which are the same for all accounts. Does not show budgets, allowed countries, or the state of an account.")
            .answers::<LimitsResponse>(200),
        Operation::of("getOrganisation", "Get the organisation")
            .says("Name, help desk, colour and languages, for pages. No session is needed.")
            .answers::<OrganisationResponse>(200),
        Operation::of("getPolicy", "Get the policy")
            .says("The current policy. Send the `ETag` of the response in `If-Match` to save a new one.")
            .answers::<PolicyResponse>(200)
            .tagged(),
        Operation::of("savePolicy", "Save the policy")
            .says("Replaces the policy. It applies to all requests from now on, including those of resets under way. The response shows how many users can no longer reset their password, and other warnings.")
            .query("dryRun", "Check the policy and show its effects, but do not save it.", r#"{ "type": "boolean", "default": false }"#)
            .if_match()
            .takes::<Policy>()
            .answers::<PolicySaveResponse>(200)
            .tagged(),
        Operation::of("listPolicies", "List saved policies")
            .says("All versions that were saved, newest first.")
            .pages::<PolicyResponse>(),
        Operation::of("getTerms", "Get the organisation's terms")
            .says("Words that new passwords must not be made of, as they were typed.")
            .answers::<TermsResponse>(200)
            .tagged(),
        Operation::of("saveTerms", "Save the organisation's terms")
            .says("Replaces the terms, at most 1,000. A password is compared with them regardless of case, of common substitutions such as `0` for `o`, and of one typing error.")
            .if_match()
            .takes::<SaveTerms>()
            .answers::<TermsResponse>(200)
            .tagged(),
    ]
}
