//! The rights that the template grants to each function's role, and the rights that an
//! AWS call needs. The proxy refuses a call beyond the role, as IAM would.

use crate::proxy::Call;
use serde_json::Value;
use serde_yaml_ng::Value as Yaml;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// A right that a role grants or a call needs. A grant covers a call if each of its
/// fields matches; `*` in a grant matches any text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    pub action: String,
    /// The resource: a table, an index, a secret, or a sender. It is empty for a phone
    /// number, which has no ARN.
    pub resource: String,
    /// The partition key; empty if the call has none.
    pub key: String,
}

/// The rights of one function.
#[derive(Default)]
pub struct Role {
    pub granted: BTreeSet<Right>,
    /// Rights that are denied even if granted.
    denied: BTreeSet<Right>,
}

/// The roles by function name, from the template.
pub static ROLES: LazyLock<BTreeMap<String, Role>> =
    LazyLock::new(|| roles(include_str!("../../infra/template.yaml")));

/// Calls that an AWS service makes with a function's role: function, action, reason.
/// The functions themselves never make them, so tests never see them.
pub const BY_THE_SERVICE: &[(&str, &str, &str)] = &[
    (EVERY_FUNCTION, "logs:CreateLogStream", "Lambda writes the function's log"),
    (EVERY_FUNCTION, "logs:PutLogEvents", "Lambda writes the function's log"),
    (EVERY_FUNCTION, "xray:PutTraceSegments", "Lambda's tracing"),
    (EVERY_FUNCTION, "xray:PutTelemetryRecords", "Lambda's tracing"),
    ("send-code", "dynamodb:DescribeStream", "the event source mapping polls the stream"),
    ("send-code", "dynamodb:GetRecords", "the event source mapping polls the stream"),
    ("send-code", "dynamodb:GetShardIterator", "the event source mapping polls the stream"),
    ("send-code", "dynamodb:ListStreams", "the event source mapping polls the stream"),
    ("send-code", "sqs:SendMessage", "the event source mapping gives up a batch"),
    (
        "delivery-events",
        "sqs:SendMessage",
        "Lambda gives up an event that failed each time: the destination of asynchronous failures",
    ),
];
pub const EVERY_FUNCTION: &str = "*";

/// The values of the template's expressions in tests.
const NAMES: [(&str, &str); 7] = [
    ("${Table.Arn}", "arn:aws:dynamodb:us-east-1:000000000000:table/latchkey"),
    ("${Secret}", "arn:aws:secretsmanager:us-east-1:000000000000:secret:latchkey"),
    ("${AWS::Partition}", "aws"),
    ("${AWS::Region}", "us-east-1"),
    ("${AWS::AccountId}", "000000000000"),
    ("${MailIdentity}", "example.com"),
    ("${Mail}", "latchkey"),
];

/// Reads the roles of a template's functions.
pub fn roles(template: &str) -> BTreeMap<String, Role> {
    let template: Yaml = serde_yaml_ng::from_str(template).expect("YAML");
    let resources = template["Resources"].as_mapping().expect("resources");
    let functions =
        resources.values().filter(|resource| resource["Type"] == "AWS::Serverless::Function");
    let role = |function: &Yaml| {
        let name = text(&function["Metadata"]["BuildProperties"]["Binary"]);
        let role = text(&function["Properties"]["Role"]);
        let role = role.strip_prefix("${").and_then(|role| role.strip_suffix(".Arn}"));
        let role =
            &template["Resources"][role.unwrap_or_else(|| panic!("{name}: no role of its own"))];
        let policies = role["Properties"]["Policies"].as_sequence().expect("policies").iter();
        let mut role = Role::default();
        for statement in policies.flat_map(|policy| {
            policy["PolicyDocument"]["Statement"].as_sequence().expect("statements")
        }) {
            match text(&statement["Effect"]).as_str() {
                "Allow" => role.granted.extend(of_statement(statement)),
                "Deny" => role.denied.extend(of_statement(statement)),
                effect => panic!("{name}: {effect}"),
            }
        }
        (name, role)
    };
    functions.map(role).collect()
}

fn of_statement(statement: &Yaml) -> Vec<Right> {
    let condition = &statement["Condition"];
    let keys = if condition.is_null() {
        vec!["*".to_owned()]
    } else {
        assert_eq!(
            condition.as_mapping().map(|operators| operators.len()),
            Some(1),
            "{condition:?}"
        );
        texts(&condition["ForAllValues:StringLike"]["dynamodb:LeadingKeys"])
    };
    let mut rights = Vec::new();
    for action in texts(&statement["Action"]) {
        for resource in texts(&statement["Resource"]) {
            let right = |key: &String| Right {
                action: action.clone(),
                resource: resource.clone(),
                key: key.clone(),
            };
            rights.extend(keys.iter().map(right));
        }
    }
    rights
}

fn texts(value: &Yaml) -> Vec<String> {
    value
        .as_sequence()
        .map_or_else(|| vec![text(value)], |values| values.iter().map(text).collect())
}

/// Returns a text with its CloudFormation expressions replaced by the names that tests use.
fn text(value: &Yaml) -> String {
    let written = if let Yaml::Tagged(tagged) = value {
        let inner = text(&tagged.value);
        if tagged.tag == "Sub" { inner } else { format!("${{{inner}}}") }
    } else {
        value.as_str().unwrap_or_else(|| panic!("no text: {value:?}")).to_owned()
    };
    NAMES.iter().fold(written, |text, (expression, name)| text.replace(expression, name))
}

/// Returns the rights that a call needs: one for each item and resource.
pub fn asked(operation: &str, body: &Value) -> Vec<Right> {
    let right = |action: &str, resource: String, key: &str| Right {
        action: action.to_owned(),
        resource,
        key: key.to_owned(),
    };
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let arn = |rest: String| format!("arn:aws:{rest}");
    let table = |name: &str| arn(format!("dynamodb:us-east-1:000000000000:table/{name}"));
    let leading = |key: &Value| word(&key["pk"]["S"]);
    let on_table = |verb: &str, body: &Value, key: &str| {
        right(&format!("dynamodb:{verb}"), table(&word(&body["TableName"])), key)
    };
    match operation {
        "BatchGetItem" => {
            let tables = body["RequestItems"].as_object().into_iter().flatten();
            let of_table = |(name, asked): (&String, &Value)| {
                let keys = asked["Keys"].as_array().into_iter().flatten();
                keys.map(|key| right("dynamodb:BatchGetItem", table(name), &leading(key)))
                    .collect::<Vec<_>>()
            };
            tables.flat_map(of_table).collect()
        }
        "TransactWriteItems" => {
            let members =
                body["TransactItems"].as_array().into_iter().flatten().filter_map(Value::as_object);
            let of_member = |(verb, body): (&String, &Value)| match verb.as_str() {
                "Put" => on_table("PutItem", body, &leading(&body["Item"])),
                "ConditionCheck" => on_table("ConditionCheckItem", body, &leading(&body["Key"])),
                verb => on_table(&format!("{verb}Item"), body, &leading(&body["Key"])),
            };
            members.flat_map(|member| member.iter().map(of_member)).collect()
        }
        "PutItem" => vec![on_table("PutItem", body, &leading(&body["Item"]))],
        "UpdateItem" => vec![on_table("UpdateItem", body, &leading(&body["Key"]))],
        "Query" => {
            // In `#p = :p`, `:p` is the value of the partition key.
            let condition = body["KeyConditionExpression"].as_str().unwrap_or_default();
            let value = condition
                .split(" = ")
                .nth(1)
                .and_then(|rest| rest.split(' ').next())
                .unwrap_or_default();
            let mut query =
                on_table("Query", body, &word(&body["ExpressionAttributeValues"][value]["S"]));
            query.resource.extend(body["IndexName"].as_str().map(|name| format!("/index/{name}")));
            vec![query]
        }
        "/v2/email/outbound-emails" => {
            // The verified identity is the domain of the sender's address.
            let from = word(&body["FromEmailAddress"]);
            let identity =
                from.rsplit('@').next().unwrap_or_default().trim_end_matches('>').to_owned();
            let with = |what: &str| {
                right("ses:SendEmail", arn(format!("ses:us-east-1:000000000000:{what}")), "")
            };
            let set = body["ConfigurationSetName"]
                .as_str()
                .map(|name| format!("configuration-set/{name}"));
            [Some(format!("identity/{identity}")), set]
                .into_iter()
                .flatten()
                .map(|what| with(&what))
                .collect()
        }
        "/Publish" => {
            let to = ["TopicArn", "TargetArn", "PhoneNumber"]
                .into_iter()
                .find_map(|name| body[name].as_str());
            vec![right("sns:Publish", to.unwrap_or_default().to_owned(), "")]
        }
        "GetSecretValue" | "PutSecretValue" | "DescribeSecret" | "UpdateSecretVersionStage" => {
            let secret = arn(format!(
                "secretsmanager:us-east-1:000000000000:secret:{}",
                word(&body["SecretId"])
            ));
            vec![right(&format!("secretsmanager:{operation}"), secret, "")]
        }
        other if other.chars().all(char::is_alphanumeric) => vec![on_table(other, body, "")],
        other => vec![right(other, String::new(), "")],
    }
}

/// Whether a text matches a pattern; `*` matches any text.
fn like(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((begin, rest)) => {
            let left = text.strip_prefix(begin);
            left.is_some_and(|left| {
                left.char_indices()
                    .map(|(at, _)| &left[at..])
                    .chain([""])
                    .any(|left| like(rest, left))
            })
        }
    }
}

impl Right {
    /// Whether this grant covers the right that a call needs.
    pub fn covers(&self, asked: &Right) -> bool {
        self.action == asked.action
            && like(&self.resource, &asked.resource)
            && like(&self.key, &asked.key)
    }
}

impl Role {
    /// Returns the rights that a call needs and this role does not grant.
    pub fn refused(&self, operation: &str, body: &Value) -> Vec<Right> {
        let covered = |rights: &BTreeSet<Right>, asked: &Right| {
            rights.iter().any(|right| right.covers(asked))
        };
        let refused =
            |asked: &Right| !covered(&self.granted, asked) || covered(&self.denied, asked);
        asked(operation, body).into_iter().filter(refused).collect()
    }

    /// Returns the granted rights that none of the calls used.
    pub fn unused(&self, function: &str, calls: &[Call]) -> Vec<&Right> {
        let asked: BTreeSet<Right> = calls
            .iter()
            .filter(|call| call.function == function)
            .flat_map(|call| asked(&call.operation, &call.body))
            .collect();
        let by_the_service = |right: &Right| {
            BY_THE_SERVICE
                .iter()
                .any(|(whose, action, _)| like(whose, function) && *action == right.action)
        };
        self.granted
            .iter()
            .filter(|right| {
                !by_the_service(right) && !asked.iter().any(|asked| right.covers(asked))
            })
            .collect()
    }
}

/// Returns the rights that a call needs and the function's role does not grant. An
/// unknown function has no rights.
pub fn refused(function: &str, operation: &str, body: &Value) -> Vec<Right> {
    let none = Role::default();
    ROLES.get(function).unwrap_or(&none).refused(operation, body)
}
