//! Direct invocations of `directory`: who may invoke the function at all is
//! IAM's to say. The gateway cannot make such an event: what it sends has a
//! request context, and the caller's body lies inside a string.

use super::problem::ProblemBody;
use crate::host::Host;
use axum::Router;
use domain::account::{Language, Role};
use domain::audit::SupportCode;
use domain::error::{Problem, ProblemCode};
use domain::flow::first_administrator::create_first_administrator;
use domain::flow::users::NewUser;
use domain::port::Call;
use domain::secret::ExposeSecret;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Error, LambdaEvent, Service};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DirectEvent {
    create_first_administrator: FirstAdministrator,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct FirstAdministrator {
    user_id: String,
    name: String,
    language: Option<Language>,
}

/// Answers an event of the gateway through the routes, and a direct
/// invocation here.
pub async fn answer(host: Arc<Host>, app: Router, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let LambdaEvent { payload, context } = event;
    if payload.get("requestContext").is_some() {
        let request: LambdaRequest = serde_json::from_value(payload)?;
        let response = Adapter::from(app).call(LambdaEvent::new(request, context)).await?;
        return Ok(serde_json::to_value(response)?);
    }
    let call = Call { id: context.request_id, now: host.clock.now(), source: String::new(), source_limit: 0, repeatable: None };
    Ok(match direct(&host, &call, payload).await {
        Ok(answer) => answer,
        Err(problem) => json!({ "problem": ProblemBody::of(&problem, Language::English, SupportCode::of(&call.id)) }),
    })
}

/// Makes the first administrator.
pub async fn direct(host: &Host, call: &Call, payload: Value) -> Result<Value, Problem> {
    let event: DirectEvent = serde_json::from_value(payload).map_err(|_| Problem::from(ProblemCode::InvalidRequest))?;
    let FirstAdministrator { user_id, name, language } = event.create_first_administrator;
    let new = NewUser { user_id, name, language, role: Role::Administrator, groups: Vec::new() };
    let created = create_first_administrator(&host.store, &*host.ring, &host.hasher, &host.entropy, call, new).await?;
    Ok(json!({
        "userId": created.account.user_id.as_str(),
        "temporaryPassword": created.temporary_password.expose_secret(),
        "temporaryPasswordExpiresAt": created.expires.to_string(),
    }))
}
