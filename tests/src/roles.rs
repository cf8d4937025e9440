//! What each function may do, as its role in the template says, and what a
//! call asks for. The proxy refuses what no role grants, as IAM would.

use crate::proxy::Call;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// An action, with the index where it is asked of one, and what it may be done
/// to: the beginning of keys (`ACCT#*`), a whole key, or nothing more is said.
pub type Right = (String, String);

/// Rights by function, as the template grants them.
pub static GRANTED: LazyLock<BTreeMap<String, BTreeSet<Right>>> = LazyLock::new(granted);

/// Calls that the service makes with the role, and no code of ours: they are
/// granted and never seen here.
pub const BY_THE_SERVICE: &[(&str, &str)] = &[
    ("logs:CreateLogStream", "Lambda writes the function's log"),
    ("logs:PutLogEvents", "Lambda writes the function's log"),
    ("xray:PutTraceSegments", "Lambda's tracing"),
    ("xray:PutTelemetryRecords", "Lambda's tracing"),
    ("dynamodb:DescribeStream", "the event source mapping polls the stream"),
    ("dynamodb:GetRecords", "the event source mapping polls the stream"),
    ("dynamodb:GetShardIterator", "the event source mapping polls the stream"),
    ("dynamodb:ListStreams", "the event source mapping polls the stream"),
    ("sqs:SendMessage", "the event source mapping gives up a batch"),
];

fn granted() -> BTreeMap<String, BTreeSet<Right>> {
    let template: Yaml = serde_yaml_ng::from_str(include_str!("../../infra/template.yaml")).expect("YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions = resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let rights = |function: &Yaml| {
        let name = text(&function["Metadata"]["BuildProperties"]["Binary"]);
        let role = text(&function["Properties"]["Role"]);
        let role = &template["Resources"][role.strip_suffix(".Arn").unwrap_or_else(|| panic!("{name}: no role of its own"))];
        let policies = role["Properties"]["Policies"].as_sequence().expect("policies").iter();
        let statements = policies.flat_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence().expect("statements"));
        (name, statements.filter(|statement| statement["Effect"] == "Allow").flat_map(of_statement).collect())
    };
    functions.map(rights).collect()
}

fn of_statement(statement: &Yaml) -> Vec<Right> {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    let keys: Vec<String> = if keys.is_null() { vec![String::new()] } else { texts(keys) };
    let index =
        texts(&statement["Resource"]).iter().find_map(|resource| resource.split_once("/index/").map(|(_, name)| format!(" {name}")));
    let index = index.unwrap_or_default();
    let actions = texts(&statement["Action"]);
    actions.iter().flat_map(|action| keys.iter().map(|key| (format!("{action}{index}"), key.clone())).collect::<Vec<_>>()).collect()
}

fn texts(value: &Yaml) -> Vec<String> {
    value.as_sequence().map_or_else(|| vec![text(value)], |values| values.iter().map(text).collect())
}

/// A text, whatever function of CloudFormation makes it.
fn text(value: &Yaml) -> String {
    if let Yaml::Tagged(tagged) = value {
        return text(&tagged.value);
    }
    value.as_str().unwrap_or_else(|| panic!("no text: {value:?}")).to_owned()
}

/// What a call asks for: action and key, one for each item.
pub fn asked(operation: &str, body: &Value) -> Vec<Right> {
    let right = |action: &str, key: &str| (action.to_owned(), key.to_owned());
    let leading = |key: &Value| key["pk"]["S"].as_str().unwrap_or_default().to_owned();
    match operation {
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flat_map(|tables| tables.values());
            let keys = tables.flat_map(|table| table["Keys"].as_array().into_iter().flatten());
            keys.map(|key| right("dynamodb:BatchGetItem", &leading(key))).collect()
        }
        "TransactWriteItems" => {
            let members = body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
            let of_member = |(verb, body): (&String, &Value)| match verb.as_str() {
                "Put" => right("dynamodb:PutItem", &leading(&body["Item"])),
                "ConditionCheck" => right("dynamodb:ConditionCheckItem", &leading(&body["Key"])),
                verb => right(&format!("dynamodb:{verb}Item"), &leading(&body["Key"])),
            };
            members.flat_map(|member| member.iter().map(of_member)).collect()
        }
        "PutItem" => vec![right("dynamodb:PutItem", &leading(&body["Item"]))],
        "Query" => {
            let index = body["IndexName"].as_str().map(|name| format!(" {name}")).unwrap_or_default();
            // `#p = :p`: the value that the partition key must have.
            let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
            let value = condition.split(" = ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
            vec![right(&format!("dynamodb:Query{index}"), body["ExpressionAttributeValues"][value]["S"].as_str().unwrap_or_default())]
        }
        "/v2/email/outbound-emails" => vec![right("ses:SendEmail", "")],
        "/Publish" => vec![right("sns:Publish", "")],
        other if other.chars().all(char::is_alphanumeric) => match other {
            "GetSecretValue" | "PutSecretValue" | "DescribeSecret" | "UpdateSecretVersionStage" => {
                vec![right(&format!("secretsmanager:{other}"), "")]
            }
            other => vec![right(&format!("dynamodb:{other}"), "")],
        },
        other => vec![right(other, "")],
    }
}

/// Whether a grant covers what is asked for.
pub fn covers((action, pattern): &Right, (asked, key): &Right) -> bool {
    let fits = match pattern.strip_suffix('*') {
        Some(beginning) => key.starts_with(beginning),
        None => pattern.is_empty() || pattern == key,
    };
    action == asked && fits
}

/// What the function's role does not grant of a call.
pub fn refused(function: &str, operation: &str, body: &Value) -> Vec<Right> {
    let Some(granted) = GRANTED.get(function) else { return Vec::new() };
    asked(operation, body).into_iter().filter(|right| !granted.iter().any(|grant| covers(grant, right))).collect()
}

/// The rights of a function that none of the calls used.
pub fn unused<'a>(function: &str, calls: &[Call]) -> Vec<&'a Right> {
    let asked: BTreeSet<Right> =
        calls.iter().filter(|call| call.function == function).flat_map(|call| asked(&call.operation, &call.body)).collect();
    let by_the_service = |(action, _): &&Right| BY_THE_SERVICE.iter().any(|(listed, _)| listed == action);
    let granted = GRANTED.get(function).into_iter().flatten();
    granted.filter(|grant| !by_the_service(grant) && !asked.iter().any(|right| covers(grant, right))).collect()
}
