//! Secrets Manager (protocol awsJson1_1) with one secret, which the functions read
//! and whose versions a rotation changes.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    REGION,
    secrets::{SECRET_ID, write_private},
};

const CURRENT: &str = "AWSCURRENT";
const TEXT: &str = "SecretString";

/// The versions of the secret, by version ID.
#[derive(Clone)]
pub(super) struct Secret(Arc<Mutex<Versions>>);

#[derive(Default)]
struct Versions {
    /// Version ID -> its field, `SecretString` or `SecretBinary`.
    values: BTreeMap<String, Value>,
    /// Stage -> version ID.
    stages: BTreeMap<String, String>,
    /// The file that keeps the current value for the next start.
    file: Option<PathBuf>,
}

impl Secret {
    /// Creates the secret with this value, or no secret if the value is empty.
    pub(super) fn new(value: String) -> Self {
        let mut versions = Versions::default();
        if !value.is_empty() {
            let first = "00000000-0000-4000-8000-000000000001";
            versions.values.insert(first.into(), json!({ TEXT: value }));
            versions.stages.insert(CURRENT.into(), first.into());
        }
        Self(Arc::new(Mutex::new(versions)))
    }

    /// Saves the current value to a file from now on.
    pub(super) fn keep(&self, file: PathBuf) {
        self.lock().file = Some(file);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answer(&self, target: &[u8], body: &[u8]) -> Response {
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        if request["SecretId"] != SECRET_ID {
            return refuse(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            );
        }
        let mut versions = self.lock();
        let answered = match target {
            b"secretsmanager.GetSecretValue" => versions.get(&request),
            b"secretsmanager.PutSecretValue" => versions.put(&request),
            b"secretsmanager.DescribeSecret" => Some(versions.described()),
            b"secretsmanager.UpdateSecretVersionStage" => versions.move_stage(&request),
            _ => {
                return refuse(
                    "UnknownOperationException",
                    "GetSecretValue and what a rotation calls, only",
                );
            }
        };
        match answered {
            Some(body) => reply(StatusCode::OK, body),
            None => refuse(
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret value.",
            ),
        }
    }
}

impl Versions {
    fn get(&self, request: &Value) -> Option<Value> {
        let stage = request["VersionStage"].as_str().unwrap_or(CURRENT);
        let version = self.stages.get(stage)?;
        let asked = request["VersionId"].as_str().is_none_or(|asked| asked == version);
        let mut answer = self.values[version].clone();
        answer["VersionId"] = version.as_str().into();
        answer["VersionStages"] = json!([stage]);
        asked.then(|| with_name(answer))
    }

    fn put(&mut self, request: &Value) -> Option<Value> {
        let version = request["ClientRequestToken"].as_str()?.to_owned();
        let field = [TEXT, "SecretBinary"].into_iter().find(|field| request[field].is_string())?;
        self.values.insert(version.clone(), json!({ field: request[field] }));
        let stages =
            request["VersionStages"].as_array().cloned().unwrap_or_else(|| vec![CURRENT.into()]);
        for stage in stages.iter().filter_map(Value::as_str) {
            self.stages.insert(stage.to_owned(), version.clone());
        }
        self.written();
        Some(with_name(json!({ "VersionId": version, "VersionStages": stages })))
    }

    fn described(&self) -> Value {
        let mut by_version: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (stage, version) in &self.stages {
            by_version.entry(version).or_default().push(stage);
        }
        with_name(json!({ "VersionIdsToStages": by_version }))
    }

    fn move_stage(&mut self, request: &Value) -> Option<Value> {
        let (stage, to) = (request["VersionStage"].as_str()?, request["MoveToVersionId"].as_str()?);
        // As on AWS, the caller that moves a stage must name the version that has it.
        let from = self.stages.get(stage).map(String::as_str);
        if !self.values.contains_key(to) || from != request["RemoveFromVersionId"].as_str() {
            return None;
        }
        self.stages.insert(stage.to_owned(), to.to_owned());
        self.written();
        Some(with_name(json!({})))
    }

    fn written(&self) {
        let current =
            self.stages.get(CURRENT).and_then(|version| self.values.get(version)?[TEXT].as_str());
        if let (Some(file), Some(value)) = (&self.file, current)
            && let Err(error) = write_private(file, value)
        {
            eprintln!("the rotated keys were not kept: {error:#}");
        }
    }
}

fn with_name(mut answer: Value) -> Value {
    answer["ARN"] =
        format!("arn:aws:secretsmanager:{REGION}:000000000000:secret:{SECRET_ID}-local1").into();
    answer["Name"] = SECRET_ID.into();
    answer
}

fn refuse(code: &str, message: &str) -> Response {
    let body = json!({ "__type": code, "Message": message });
    reply(StatusCode::BAD_REQUEST, body)
}

fn reply(status: StatusCode, body: Value) -> Response {
    let kind = [(header::CONTENT_TYPE, "application/x-amz-json-1.1")];
    (status, kind, body.to_string()).into_response()
}
