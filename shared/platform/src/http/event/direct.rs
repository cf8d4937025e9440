//! Direct invocations of `directory`, which create the first administrator. IAM decides who
//! may invoke the function. Callers of the API cannot send such a Lambda event: the
//! gateway's events have a request context, and hold the caller's body in a string.

use super::gateway;
use crate::host::Host;
use crate::http::answer_log::{AnswerLog, Note};
use crate::http::api::CreateUser;
use crate::http::problem::{ProblemBody, status};
use crate::http::request::body;
use crate::log;
use axum::Router;
use axum::http::StatusCode;
use domain::account::Role;
use domain::audit::SupportCode;
use domain::context::RequestContext;
use domain::error::Problem;
use domain::flow::directory::first_administrator::create_first_administrator;
use domain::flow::steps::temporary::CreatedUser;
use domain::json::object;
use domain::language::Language;
use domain::secret::ExposeSecret;
use lambda_runtime::LambdaEvent;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DirectEvent {
    #[serde(deserialize_with = "object")]
    create_first_administrator: FirstAdministrator,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstAdministrator {
    user_id: String,
    name: String,
    language: Option<Language>,
}

/// A response, either to the gateway or to the caller of a direct invocation.
#[derive(Serialize)]
#[serde(untagged)]
enum Answered<A> {
    Gateway(A),
    Directly(Value),
}

/// Answers a gateway event through the routes, and a direct invocation here.
///
/// # Errors
/// Never: problems are part of the response.
pub async fn answer(
    host: Arc<Host>,
    app: Router,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<impl Serialize, Infallible> {
    if has_request_context(&event.payload) {
        return Ok(Answered::Gateway(gateway::answer(app, event).await?));
    }
    let work = async |ctx: &RequestContext| direct(&host, ctx, &event.payload).await;
    Ok(Answered::Directly(answer_directly(&host, event.context.request_id, work).await))
}

/// Does the work of a direct invocation. Logs its answer, and returns a problem in it.
pub(super) async fn answer_directly(
    host: &Host,
    request_id: String,
    work: impl AsyncFnOnce(&RequestContext) -> Result<Value, Problem>,
) -> Value {
    let ctx = host.context(request_id);
    let log = AnswerLog::begin(&ctx.id, ctx.now, None);
    let done = log::within(&ctx.id, async {
        let done = work(&ctx).await;
        let problem = done.as_ref().err();
        let status = problem.map_or(StatusCode::OK, |problem| status(problem.code));
        log.write(&host.metrics, status.as_u16(), problem, &Note::of(&ctx.support_code()));
        done
    });
    done.await.unwrap_or_else(|problem| {
        json!({ "problem": ProblemBody::of(&problem, Language::English, SupportCode::of(&ctx.id)) })
    })
}

/// What a direct invocation answers when it issued a temporary password.
pub(super) fn issued_password(created: &CreatedUser) -> Value {
    json!({
        "userId": created.account.user_id.as_str(),
        "temporaryPassword": created.temporary_password.expose_secret(),
        "temporaryPasswordExpiresAt": created.expires.to_string(),
    })
}

/// Whether the gateway made the Lambda event: only the gateway sets the request context.
fn has_request_context(event: &RawValue) -> bool {
    let fields: Result<BTreeMap<String, IgnoredAny>, _> = serde_json::from_str(event.get());
    fields.is_ok_and(|fields| fields.contains_key("requestContext"))
}

/// Creates the first administrator.
async fn direct(host: &Host, ctx: &RequestContext, payload: &RawValue) -> Result<Value, Problem> {
    let event: DirectEvent = body::parse(payload.get().as_bytes())?;
    let FirstAdministrator { user_id, name, language } = event.create_first_administrator;
    let role = Some(Role::Administrator);
    let new = CreateUser { user_id, name, language, role, groups: Vec::new() }.parsed()?;
    let created =
        create_first_administrator(&host.store, &*host.ring, &host.hasher, ctx, new).await?;
    Ok(issued_password(&created))
}
