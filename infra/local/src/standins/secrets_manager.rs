//! Secrets Manager `GetSecretValue`, awsJson1_1, for the one secret there is.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{REGION, secrets::SECRET_ID};

const GET_SECRET_VALUE: &[u8] = b"secretsmanager.GetSecretValue";

pub(super) fn answer(secret: &str, target: &[u8], body: &[u8]) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    if target != GET_SECRET_VALUE {
        return refuse("UnknownOperationException", "GetSecretValue only");
    }
    if request["SecretId"] != SECRET_ID {
        return refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
    }
    reply(
        StatusCode::OK,
        json!({
            "ARN": format!("arn:aws:secretsmanager:{REGION}:000000000000:secret:{SECRET_ID}-local1"),
            "Name": SECRET_ID,
            "SecretString": secret,
            "VersionId": "00000000-0000-4000-8000-000000000001",
            "VersionStages": ["AWSCURRENT"],
        }),
    )
}

fn refuse(code: &str, message: &str) -> Response {
    let body = json!({ "__type": code, "Message": message });
    reply(StatusCode::BAD_REQUEST, body)
}

fn reply(status: StatusCode, body: Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, kind, body.to_string()).into_response()
}
