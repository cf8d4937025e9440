//! Invocations of the function `recover`, for operators of the AWS account when no
//! administrator can sign in. IAM decides who may invoke it.

use super::direct::{answer_directly, issued_password};
use crate::host::Host;
use crate::http::request::body;
use domain::context::RequestContext;
use domain::error::{Problem, ViolationCode};
use domain::flow::recover::recover_administrator::recover_administrator;
use domain::flow::recover::unlock_account::unlock_account;
use domain::identity::UserId;
use lambda_runtime::LambdaEvent;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

/// What an operator asks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
enum RecoverEvent {
    /// Unlock an account.
    Unlock(OneUser),
    /// Issue a temporary password to an administrator.
    RecoverAdministrator(OneUser),
}

/// The account that the event names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OneUser {
    user_id: String,
}

impl OneUser {
    fn parsed(&self) -> Result<UserId, Problem> {
        UserId::parse(&self.user_id)
            .ok_or_else(|| Problem::field("/userId", ViolationCode::NotAUserId))
    }
}

/// Answers an invocation. A problem is part of the answer.
pub async fn answer(host: &Host, event: LambdaEvent<Box<RawValue>>) -> Value {
    let work = async |ctx: &RequestContext| recover(host, ctx, &event.payload).await;
    answer_directly(host, event.context.request_id, work).await
}

async fn recover(host: &Host, ctx: &RequestContext, payload: &RawValue) -> Result<Value, Problem> {
    let (store, ring) = (&host.store, &*host.ring);
    match body::parse(payload.get().as_bytes())? {
        RecoverEvent::Unlock(named) => {
            let user_id = named.parsed()?;
            unlock_account(store, ring, ctx, &user_id).await?;
            Ok(json!({ "userId": user_id.as_str() }))
        }
        RecoverEvent::RecoverAdministrator(named) => {
            let user_id = named.parsed()?;
            Ok(issued_password(
                &recover_administrator(store, ring, &host.hasher, ctx, &user_id).await?,
            ))
        }
    }
}
