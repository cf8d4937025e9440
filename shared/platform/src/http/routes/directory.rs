//! Routes of the function `directory`.

use crate::host::Host;
use crate::http::api::standing::StandingAnswer;
use crate::http::api::{
    CreateUser, CreatedAnswer, MethodsAnswer, PageAnswer, PatchUser, UserAnswer,
};
use crate::http::edge::language;
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cursor::{Paging, Search, seal};
use crate::http::request::repeat::{Repeat, once};
use crate::http::request::version::{if_match, tagged};
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{delete as route_delete, get, post};
use axum::{Json, Router};
use domain::account::{Account, GroupName, Role, TypedUserId};
use domain::error::{Problem, ProblemCode, ViolationCode};
use domain::flow::users::{self, NewUser, UserPatch};
use domain::method::Kind;
use domain::port::Call;
use domain::repeat::Remembered;
use domain::secret::Bearer;
use serde::Deserialize;
use std::sync::Arc;

pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/v1/users", get(list).post(create))
        .route("/v1/users/{userId}", get(view).patch(change).delete(delete))
        .route("/v1/users/{userId}/temporary-password", post(issue_password))
        .route("/v1/users/{userId}/unlock", post(unlock))
        .route("/v1/users/{userId}/require-registration", post(require_registration))
        .route("/v1/users/{userId}/methods", get(methods))
        .route("/v1/users/{userId}/methods/{kind}", route_delete(remove_method))
        .route("/v1/users/{userId}/can-reset", get(can_reset))
        .route("/v1/groups", get(groups))
        .with_state(host)
}

/// The user ID of the path, where it can be one.
struct Named(String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Names {
            user_id: String,
        }
        let names = Path::from_request_parts(parts, state).await;
        let Path(Names { user_id }) =
            names.map_err(|_| Problem::field("", ViolationCode::NotARequest))?;
        match TypedUserId::new(user_id.clone()).canonical() {
            Some(_) => Ok(Named(user_id)),
            None => Err(ProblemCode::NotFound.into()),
        }
    }
}

async fn create(
    Caller { host, call, bearer }: Caller,
    repeat: Repeat,
    Body(user): Body<CreateUser>,
) -> Result<impl IntoResponse, Refusal> {
    let new = NewUser {
        user_id: user.user_id.clone(),
        name: user.name,
        language: user.language,
        role: user.role.unwrap_or(Role::User),
        groups: user.groups,
    };
    let (store, ring, entropy) = (&host.store, &*host.ring, &host.entropy);
    let first = async |call: &Call| {
        users::create_user(store, ring, &host.hasher, entropy, call, &bearer, new).await
    };
    let again = async |call: &Call, first: Remembered| {
        users::issued_again(store, ring, entropy, call, &bearer, user.user_id, &first).await
    };
    let created =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, again).await?;
    Ok((StatusCode::CREATED, tagged(created.account.revision, CreatedAnswer::from(&created))))
}

async fn list(
    Caller { host, call, bearer }: Caller,
    Search(filter): Search,
    paging: Paging,
) -> Result<Json<PageAnswer<UserAnswer>>, Refusal> {
    let keys = paging.keys(&*host.ring).await?;
    let name = format!("users\n{}", filter.name());
    let from = paging.position(&name, &keys)?;
    let page = users::list_users(&host.store, &call, &bearer, &filter, paging.limit, from).await?;
    Ok(Json(PageAnswer {
        items: page.items.iter().map(UserAnswer::from).collect(),
        cursor: page.next.map(|position| seal(&position, &name, &keys)),
    }))
}

async fn groups(
    Caller { host, call, bearer }: Caller,
    paging: Paging,
) -> Result<Json<PageAnswer<GroupName>>, Refusal> {
    let keys = paging.keys(&*host.ring).await?;
    let from = paging.position("groups", &keys)?;
    let page = users::list_groups(&host.store, &call, &bearer, paging.limit, from).await?;
    Ok(Json(PageAnswer {
        items: page.items,
        cursor: page.next.map(|position| seal(&position, "groups", &keys)),
    }))
}

async fn view(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
) -> Result<impl IntoResponse, Refusal> {
    Ok(user(&users::view_user(&host.store, &*host.ring, &call, &bearer, user_id).await?))
}

async fn change(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    headers: HeaderMap,
    Body(patch): Body<PatchUser>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let patch = UserPatch {
        name: patch.name,
        language: patch.language,
        role: patch.role,
        groups: patch.groups,
        enabled: patch.enabled,
    };
    let changed = users::change_user(
        &host.store,
        &*host.ring,
        &host.entropy,
        &call,
        &bearer,
        user_id,
        seen,
        patch,
    )
    .await?;
    Ok(user(&changed))
}

async fn delete(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let seen = if_match(&headers)?;
    users::delete_user(&host.store, &*host.ring, &host.entropy, &call, &bearer, user_id, seen)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn issue_password(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    repeat: Repeat,
) -> Result<impl IntoResponse, Refusal> {
    let (store, ring, entropy) = (&host.store, &*host.ring, &host.entropy);
    let first = async |call: &Call| {
        users::issue_password(store, ring, &host.hasher, entropy, call, &bearer, user_id.clone())
            .await
    };
    let again = async |call: &Call, first: Remembered| {
        users::issued_again(store, ring, entropy, call, &bearer, user_id.clone(), &first).await
    };
    let issued =
        once(&host, &call, repeat, &bearer.handle, bearer.digest().as_str(), first, again).await?;
    Ok(tagged(issued.account.revision, CreatedAnswer::from(&issued)))
}

async fn unlock(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    repeat: Repeat,
) -> Result<StatusCode, Refusal> {
    let first = async |call: &Call| {
        users::unlock(&host.store, &*host.ring, &host.entropy, call, &bearer, user_id.clone()).await
    };
    act_once(&host, &call, repeat, &bearer, &user_id, first).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn require_registration(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    repeat: Repeat,
) -> Result<StatusCode, Refusal> {
    let first = async |call: &Call| {
        users::require_registration(
            &host.store,
            &*host.ring,
            &host.entropy,
            call,
            &bearer,
            user_id.clone(),
        )
        .await
    };
    act_once(&host, &call, repeat, &bearer, &user_id, first).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn methods(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
) -> Result<Json<MethodsAnswer>, Refusal> {
    let (account, policy) =
        users::view_methods(&host.store, &*host.ring, &call, &bearer, user_id).await?;
    Ok(Json(MethodsAnswer::of(&account, &policy)))
}

async fn remove_method(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    Path((_, kind)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let kind: Kind = kind.parse().map_err(|()| ProblemCode::NotFound)?;
    users::remove_method(&host.store, &*host.ring, &host.entropy, &call, &bearer, user_id, kind)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn can_reset(
    Caller { host, call, bearer }: Caller,
    Named(user_id): Named,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    let standing = users::can_reset(&host.store, &*host.ring, &call, &bearer, user_id).await?;
    let language = language(&headers);
    Ok((
        [(header::CONTENT_LANGUAGE, language.tag())],
        Json(StandingAnswer::of(&standing, language)),
    ))
}

/// An act without an answer of its own, once. Whoever may see the account no
/// more is not told again either.
async fn act_once(
    host: &Host,
    call: &Call,
    repeat: Repeat,
    bearer: &Bearer,
    user_id: &str,
    first: impl AsyncFnOnce(&Call) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let again = async |call: &Call, _| {
        users::view_user(&host.store, &*host.ring, call, bearer, user_id.to_owned()).await.map(drop)
    };
    once(host, call, repeat, &bearer.handle, bearer.digest().as_str(), first, again).await
}

fn user(account: &Account) -> impl IntoResponse + use<> {
    tagged(account.revision, UserAnswer::from(account))
}
