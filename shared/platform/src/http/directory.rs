//! Routes of the function `directory`.

use super::api::{CreateUser, CreatedAnswer, PageAnswer, PatchUser, UserAnswer};
use super::auth::SessionBearer;
use super::body::Body;
use super::cursor::{Paging, seal};
use super::policy::{etag, if_match};
use super::problem::Refusal;
use crate::host::Host;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Json, Router};
use domain::account::{Account, Role};
use domain::flow::manage_users::{self, NewUser, UserPatch};
use domain::port::{Call, KeyRing};
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/users", get(list).post(create))
        .route("/v1/users/{userId}", get(view).patch(change).delete(delete))
        .with_state(host)
}

async fn create(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
    Body(user): Body<CreateUser>,
) -> Result<impl IntoResponse, Refusal> {
    let new = NewUser {
        user_id: user.user_id,
        name: user.name,
        language: user.language,
        role: user.role.unwrap_or(Role::User),
        groups: user.groups,
    };
    let created = manage_users::create_user(&host.store, &*host.ring, &host.hasher, &host.entropy, &call, &bearer, new).await?;
    Ok((StatusCode::CREATED, [(header::ETAG, etag(created.account.revision))], Json(CreatedAnswer::from(&created))))
}

async fn list(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
    paging: Paging,
) -> Result<Json<PageAnswer<UserAnswer>>, Refusal> {
    let keys = host.ring.keys().await?;
    let from = paging.position("users", &keys)?;
    let page = manage_users::list_users(&host.store, &call, &bearer, paging.limit()?, from).await?;
    Ok(Json(PageAnswer {
        items: page.items.iter().map(UserAnswer::from).collect(),
        cursor: page.next.map(|position| seal(&position, "users", &keys)),
    }))
}

async fn view(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
    Path(user_id): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    Ok(tagged(&manage_users::view_user(&host.store, &*host.ring, &call, &bearer, user_id).await?))
}

async fn change(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
    Path(user_id): Path<String>,
    headers: HeaderMap,
    Body(patch): Body<PatchUser>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let patch = UserPatch { name: patch.name, language: patch.language, role: patch.role, groups: patch.groups, enabled: patch.enabled };
    let changed = manage_users::change_user(&host.store, &*host.ring, &host.entropy, &call, &bearer, user_id, seen, patch).await?;
    Ok(tagged(&changed))
}

async fn delete(
    State(host): State<Arc<Host>>,
    Extension(call): Extension<Call>,
    SessionBearer(bearer): SessionBearer,
    Path(user_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let seen = if_match(&headers)?;
    manage_users::delete_user(&host.store, &*host.ring, &host.entropy, &call, &bearer, user_id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(account: &Account) -> impl IntoResponse + use<> {
    ([(header::ETAG, etag(account.revision))], Json(UserAnswer::from(account)))
}
