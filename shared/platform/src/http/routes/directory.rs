//! Routes of the function `directory`.

use crate::host::Host;
use crate::http::api::can_reset::CanResetResponse;
use crate::http::api::{CreateUser, MethodsResponse, PageResponse, PatchUser};
use crate::http::problem::Refusal;
use crate::http::request::auth::Caller;
use crate::http::request::body::Body;
use crate::http::request::cursor::{Paging, Search};
use crate::http::request::idempotency::{IdempotencyKey, idempotent_for};
use crate::http::request::names::{MethodPath, UserPath};
use crate::http::request::version::{if_match, tagged};
use crate::http::route::{Route, Routes};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use domain::access::Access;
use domain::account::{Account, Role};
use domain::context::RequestContext;
use domain::error::Problem;
use domain::flow::directory::change_user::change_user;
use domain::flow::directory::create_user::create_user;
use domain::flow::directory::delete_user::delete_user;
use domain::flow::directory::issue_password::{issue_password, issued_again};
use domain::flow::directory::remove_method::remove_method;
use domain::flow::directory::require_registration::require_registration;
use domain::flow::directory::unlock::unlock;
use domain::flow::directory::view;
use domain::flow::steps::temporary::CreatedUser;
use domain::idempotency::IdempotencyRecord;
use domain::identity::{GroupName, TypedUserId};
use domain::language::Language;
use domain::secret::{Bearer, ExposeSecret};
use serde::Serialize;
use std::collections::BTreeSet;

/// The rows of the function `directory`.
#[rustfmt::skip]
pub fn routes() -> Routes {
    let rows = vec![
        Route::new(Method::GET, "/v1/users", Access::HelpDesk, "listUsers", list).query(&["search", "group", "limit", "cursor"]),
        Route::new(Method::POST, "/v1/users", Access::Administrator, "createUser", create),
        Route::new(Method::GET, "/v1/users/{userId}", Access::HelpDesk, "getUser", get_user),
        Route::new(Method::PATCH, "/v1/users/{userId}", Access::Administrator, "changeUser", change),
        Route::new(Method::DELETE, "/v1/users/{userId}", Access::Administrator, "deleteUser", delete),
        Route::new(Method::POST, "/v1/users/{userId}/temporary-password", Access::Administrator, "issueTemporaryPassword", issue),
        Route::new(Method::POST, "/v1/users/{userId}/unlock", Access::HelpDesk, "unlockUser", unlock_user),
        Route::new(Method::POST, "/v1/users/{userId}/require-registration", Access::HelpDesk, "requireRegistration", require),
        Route::new(Method::GET, "/v1/users/{userId}/methods", Access::HelpDesk, "listUserMethods", methods),
        Route::new(Method::DELETE, "/v1/users/{userId}/methods/{methodId}", Access::Administrator, "deleteUserMethod", remove),
        Route::new(Method::GET, "/v1/users/{userId}/can-reset", Access::HelpDesk, "canReset", can_reset),
        Route::new(Method::GET, "/v1/groups", Access::HelpDesk, "listGroups", groups).query(&["limit", "cursor"]),
    ];
    Routes { function: "directory", rows }
}

/// An account, as the help desk and administrators see it.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "userId": "kim@example.com", "name": "Kim Example", "language": "zh-TW", "role": "user",
    "groups": ["Sales"], "enabled": true, "temporaryPasswordUntil": null,
    "registeredAt": "2026-11-25T09:30:00Z", "createdAt": "2026-11-25T09:30:00Z", "revision": 3
}))))]
#[serde(rename_all = "camelCase")]
pub struct UserResponse {
    user_id: String,
    name: String,
    language: Option<Language>,
    role: Role,
    groups: BTreeSet<GroupName>,
    enabled: bool,
    /// When the temporary password stops working; `null` if the user chose their own.
    temporary_password_until: Option<String>,
    /// When the user finished registration; `null` before that.
    registered_at: Option<String>,
    created_at: String,
    revision: u64,
}

impl From<&Account> for UserResponse {
    fn from(account: &Account) -> UserResponse {
        UserResponse {
            user_id: account.user_id.as_str().to_owned(),
            name: account.name.clone(),
            language: account.language,
            role: account.role,
            groups: account.groups.clone(),
            enabled: account.enabled,
            temporary_password_until: account.temporary_until.map(|t| t.to_string()),
            registered_at: account.registered_at.map(|t| t.to_string()),
            created_at: account.created_at.to_string(),
            revision: account.revision,
        }
    }
}

/// An account with a new temporary password, which is shown only here.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(examples(json!({
    "user": {
        "userId": "kim@example.com", "name": "Kim Example", "language": "zh-TW", "role": "user",
        "groups": ["Sales"], "enabled": true, "temporaryPasswordUntil": "2026-12-02T09:30:00Z",
        "registeredAt": null, "createdAt": "2026-11-25T09:30:00Z", "revision": 1
    },
    "temporaryPassword": "k7mw-x2pd-9qfh-t4vb-h3ks",
    "temporaryPasswordExpiresAt": "2026-12-02T09:30:00Z"
}))))]
#[serde(rename_all = "camelCase")]
pub struct CreatedResponse {
    user: UserResponse,
    temporary_password: String,
    temporary_password_expires_at: String,
}

impl From<&CreatedUser> for CreatedResponse {
    fn from(created: &CreatedUser) -> CreatedResponse {
        CreatedResponse {
            user: UserResponse::from(&created.account),
            temporary_password: created.temporary_password.expose_secret().to_owned(),
            temporary_password_expires_at: created.expires.to_string(),
        }
    }
}

async fn create(
    Caller { host, ctx, bearer }: Caller,
    key: IdempotencyKey,
    Body(body): Body<CreateUser>,
) -> Result<impl IntoResponse, Refusal> {
    let new = body.parsed()?;
    let typed = TypedUserId::from(new.user_id.clone());
    let first = async |ctx: &RequestContext| {
        create_user(&host.store, &*host.ring, &host.hasher, ctx, &bearer, new).await
    };
    let again = async |ctx: &RequestContext, first: IdempotencyRecord| {
        issued_again(&host.store, &*host.ring, ctx, &bearer, &typed, &first).await
    };
    let created = idempotent_for(&host, &ctx, key, &bearer, first, again).await?;
    Ok((StatusCode::CREATED, tagged(created.account.revision, CreatedResponse::from(&created))))
}

async fn list(
    Caller { host, ctx, bearer }: Caller,
    Search(filter): Search,
    paging: Paging,
) -> Result<Json<PageResponse<UserResponse>>, Refusal> {
    let read = async |limit, from| {
        view::list_users(&host.store, &ctx, &bearer, &filter, limit, from).await
    };
    let page = paging.page(&*host.ring, &format!("users\n{}", filter.name()), read).await?;
    Ok(Json(page.map(|account| UserResponse::from(&account))))
}

async fn groups(
    Caller { host, ctx, bearer }: Caller,
    paging: Paging,
) -> Result<Json<PageResponse<GroupName>>, Refusal> {
    let read = async |limit, from| view::list_groups(&host.store, &ctx, &bearer, limit, from).await;
    Ok(Json(paging.page(&*host.ring, "groups", read).await?))
}

async fn get_user(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
) -> Result<impl IntoResponse, Refusal> {
    Ok(user(&view::view_user(&host.store, &*host.ring, &ctx, &bearer, &user_id).await?))
}

async fn change(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    headers: HeaderMap,
    Body(patch): Body<PatchUser>,
) -> Result<impl IntoResponse, Refusal> {
    let seen = if_match(&headers)?;
    let patch = patch.parsed()?;
    let changed =
        change_user(&host.store, &*host.ring, &ctx, &bearer, &user_id, seen, patch).await?;
    Ok(user(&changed))
}

async fn delete(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let seen = if_match(&headers)?;
    delete_user(&host.store, &*host.ring, &ctx, &bearer, &user_id, seen).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn issue(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    key: IdempotencyKey,
) -> Result<impl IntoResponse, Refusal> {
    let first = async |ctx: &RequestContext| {
        issue_password(&host.store, &*host.ring, &host.hasher, ctx, &bearer, &user_id).await
    };
    let again = async |ctx: &RequestContext, first: IdempotencyRecord| {
        issued_again(&host.store, &*host.ring, ctx, &bearer, &user_id, &first).await
    };
    let issued = idempotent_for(&host, &ctx, key, &bearer, first, again).await?;
    Ok(tagged(issued.account.revision, CreatedResponse::from(&issued)))
}

async fn unlock_user(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    key: IdempotencyKey,
) -> Result<StatusCode, Refusal> {
    let first =
        async |ctx: &RequestContext| unlock(&host.store, &*host.ring, ctx, &bearer, &user_id).await;
    act_once(&host, &ctx, key, &bearer, &user_id, first).await
}

async fn require(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    key: IdempotencyKey,
) -> Result<StatusCode, Refusal> {
    let first = async |ctx: &RequestContext| {
        require_registration(&host.store, &*host.ring, ctx, &bearer, &user_id).await
    };
    act_once(&host, &ctx, key, &bearer, &user_id, first).await
}

async fn methods(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
) -> Result<Json<MethodsResponse>, Refusal> {
    let (account, policy) =
        view::view_methods(&host.store, &*host.ring, &ctx, &bearer, &user_id).await?;
    Ok(Json(MethodsResponse::of(&account, &policy)))
}

async fn remove(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    MethodPath(id): MethodPath,
) -> Result<StatusCode, Refusal> {
    remove_method(&host.store, &*host.ring, &ctx, &bearer, &user_id, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn can_reset(
    Caller { host, ctx, bearer }: Caller,
    UserPath(user_id): UserPath,
    Extension(language): Extension<Language>,
) -> Result<impl IntoResponse, Refusal> {
    let eligibility = view::can_reset(&host.store, &*host.ring, &ctx, &bearer, &user_id).await?;
    Ok((
        [(header::CONTENT_LANGUAGE, language.tag())],
        Json(CanResetResponse::of(&eligibility, language)),
    ))
}

/// Does an action whose response has no body, once. A repeated request succeeds only
/// if the caller may still see the account.
async fn act_once(
    host: &Host,
    ctx: &RequestContext,
    key: IdempotencyKey,
    bearer: &Bearer,
    user_id: &TypedUserId,
    first: impl AsyncFnOnce(&RequestContext) -> Result<(), Problem>,
) -> Result<StatusCode, Refusal> {
    let again = async |ctx: &RequestContext, _| {
        view::view_user(&host.store, &*host.ring, ctx, bearer, user_id).await.map(drop)
    };
    idempotent_for(host, ctx, key, bearer, first, again).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn user(account: &Account) -> impl IntoResponse + use<> {
    tagged(account.revision, UserResponse::from(account))
}

/// Descriptions of the routes for the API document, by route ID.
#[cfg(feature = "openapi")]
#[rustfmt::skip]
pub fn operations() -> Vec<crate::http::openapi::operation::Operation> {
    use crate::http::openapi::operation::Operation;
    use crate::http::openapi::typed_line;
    use domain::error::ProblemCode as P;
    use serde_json::json;
    vec![
        Operation::of("listUsers", "Find accounts")
            .says("Lists all accounts, or those that match a search or belong to a group. The help desk sees accounts of the role `user` only.")
            .query("search", "The beginning of a user ID or of a word in a name. Several words must all match.", &json!({ "type": "string", "minLength": 1, "pattern": typed_line() }).to_string())
            .query("group", "The name of a group.", r##"{ "$ref": "#/components/schemas/GroupName" }"##)
            .pages::<UserResponse>(),
        Operation::of("createUser", "Create an account")
            .says("The response contains a temporary password, which is shown only once. It works for 7 days, and each sign-in with it asks the user to choose a new password.")
            .takes::<CreateUser>()
            .answers::<CreatedResponse>(201)
            .tagged()
            .refuses(&[P::UserExists, P::NotFound]),
        Operation::of("getUser", "Get an account")
            .says("Send the `ETag` of the response in `If-Match` to change or delete the account.")
            .answers::<UserResponse>(200)
            .tagged()
            .refuses(&[P::NotFound]),
        Operation::of("changeUser", "Change an account")
            .says("Takes a JSON Merge Patch (RFC 7396): absent fields stay as they are. A change of `role` or `enabled` ends all sessions and resets of the account at once. The last enabled administrator can be neither disabled nor given another role.")
            .if_match()
            .takes::<PatchUser>()
            .answers::<UserResponse>(200)
            .tagged()
            .refuses(&[P::NotFound, P::LastAdministrator]),
        Operation::of("deleteUser", "Delete an account")
            .says("Deletes all personal data at once. Audit events keep an internal ID of the account.")
            .if_match()
            .refuses(&[P::NotFound, P::LastAdministrator]),
        Operation::of("issueTemporaryPassword", "Issue a temporary password")
            .says("The old password, any earlier temporary password, and all sessions and resets of the account stop working. The new temporary password is shown only once.")
            .answers::<CreatedResponse>(200)
            .tagged()
            .refuses(&[P::NotFound]),
        Operation::of("unlockUser", "Unlock an account")
            .says("Clears wrong passwords and failed guesses, so that the user can sign in and reset again without waiting.")
            .refuses(&[P::NotFound]),
        Operation::of("requireRegistration", "Require registration again")
            .says("The next sign-in asks the user to verify each method again. Until then, the methods can still be used for a reset.")
            .refuses(&[P::NotFound]),
        Operation::of("listUserMethods", "List the methods of an account")
            .says("Destinations are masked: enough to recognise them, too little to use them.")
            .answers::<MethodsResponse>(200)
            .refuses(&[P::NotFound]),
        Operation::of("deleteUserMethod", "Delete a method of an account")
            .says("Ends all sessions, resets and codes of the account, and sends a notice to every destination that was valid before.")
            .refuses(&[P::NotFound]),
        Operation::of("canReset", "Check whether a user can reset their password")
            .says("Gives the actual reason if the user cannot. A reset itself never reveals it.")
            .answers::<CanResetResponse>(200)
            .refuses(&[P::NotFound]),
        Operation::of("listGroups", "List the groups")
            .says("Names of all groups with at least one member.")
            .pages::<GroupName>(),
    ]
}
