//! Turns the table that `infra/template.yaml` declares into DynamoDB API requests.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

/// The table's name in local development. A stack on AWS gives the table its own name.
pub const TABLE: &str = "latchkey";

/// The template, compiled in: an edit of it rebuilds this program. The table is
/// defined nowhere else.
const TEMPLATE: &str = include_str!("../../../template.yaml");

/// The properties of the template's table that `CreateTable` takes. The others
/// (deletion protection, point-in-time recovery, encryption) protect production
/// data and have no use here.
const CREATE_TABLE: [&str; 4] =
    ["AttributeDefinitions", "BillingMode", "GlobalSecondaryIndexes", "KeySchema"];

/// Builds the `CreateTable` request for the template's resource `Table`.
///
/// # Errors
/// When the template has no such resource or cannot be read.
pub fn table_definition() -> Result<Value> {
    let properties = properties()?;
    let mut request = Map::from_iter([("TableName".to_owned(), json!(TABLE))]);
    for name in CREATE_TABLE {
        if let Some(value) = properties.get(name) {
            request.insert(name.to_owned(), value.clone());
        }
    }
    // CloudFormation infers this flag; the API requires it.
    if let Some(view) = properties.pointer("/StreamSpecification/StreamViewType") {
        request.insert(
            "StreamSpecification".to_owned(),
            json!({ "StreamEnabled": true, "StreamViewType": view }),
        );
    }
    Ok(Value::Object(request))
}

/// Builds the `UpdateTimeToLive` request, or `None` if the template sets no time to live.
pub(super) fn time_to_live() -> Result<Option<Value>> {
    Ok(properties()?.get("TimeToLiveSpecification").map(
        |specification| json!({ "TableName": TABLE, "TimeToLiveSpecification": specification }),
    ))
}

fn properties() -> Result<Value> {
    // The parser must accept CloudFormation's YAML tags (`!Ref`, `!Sub`).
    let template: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(TEMPLATE).context("infra/template.yaml is not YAML")?;
    let table = template
        .get("Resources")
        .and_then(|resources| resources.get("Table"))
        .and_then(|table| table.get("Properties"))
        .context("infra/template.yaml has no Resources.Table.Properties")?;
    Ok(serde_json::to_value(table)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_the_templates() {
        let table = table_definition().unwrap();
        assert_eq!(table["TableName"], "latchkey");
        assert_eq!(table["KeySchema"][0]["AttributeName"], "pk");
        assert_eq!(table["KeySchema"][1]["KeyType"], "RANGE");
        assert_eq!(
            table["StreamSpecification"],
            json!({ "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" })
        );
        assert!(table["GlobalSecondaryIndexes"].is_array());
        assert!(table.get("DeletionProtectionEnabled").is_none());
    }

    #[test]
    fn expiry_is_the_templates() {
        let request = time_to_live().unwrap().unwrap();
        assert_eq!(request["TimeToLiveSpecification"]["AttributeName"], "ttl");
    }
}
