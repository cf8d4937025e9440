//! The cost of each request: its AWS calls, the items and conditions of its
//! transactions, and the write units of a reset.

use crate::house::tour::{perform, tour};
use serde_json::Value;
use std::fmt::Write;
use tests::{Call, World};

/// Describes a call: one line for the call and one for each item of a transaction.
fn describe(call: &Call) -> String {
    let kind = |key: &Value| {
        key["pk"]["S"].as_str().unwrap_or("?").split('#').next().unwrap_or_default().to_owned()
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match call.operation.as_str() {
        "BatchGetItem" => {
            let tables = call.body["RequestItems"].as_object().expect("tables");
            let keys = tables
                .values()
                .flat_map(|t| t["Keys"].as_array().expect("keys"))
                .map(kind)
                .collect::<Vec<_>>();
            assert!(
                tables.values().all(|t| t["ConsistentRead"] == true),
                "a read that a decision depends on is consistent"
            );
            format!("  Read {}\n", keys.join(" "))
        }
        "TransactWriteItems" => {
            let mut out = "  Write\n".to_owned();
            for member in call.body["TransactItems"].as_array().expect("members") {
                let (verb, body) =
                    member.as_object().expect("a member").iter().next().expect("a verb");
                let key = if verb == "Put" { kind(&body["Item"]) } else { kind(&body["Key"]) };
                let update = text(&body["UpdateExpression"]);
                let condition = text(&body["ConditionExpression"]);
                let line = [verb.clone(), key, update]
                    .into_iter()
                    .filter(|part| !part.is_empty())
                    .collect::<Vec<_>>()
                    .join(" ");
                let condition =
                    if condition.is_empty() { String::new() } else { format!(" IF {condition}") };
                writeln!(out, "    {line}{condition}").expect("a string");
            }
            out
        }
        "PutItem" => format!("  Put {}\n", kind(&call.body["Item"])),
        "UpdateItem" => format!(
            "  Update {} {}\n",
            kind(&call.body["Key"]),
            text(&call.body["UpdateExpression"])
        ),
        "Query" => format!(
            "  Query {} {}\n",
            text(&call.body["IndexName"]),
            text(&call.body["KeyConditionExpression"])
        ),
        other => format!("  {other}\n"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_calls_of_every_request_are_those_of_the_golden_list() {
    let world = World::new().await;
    let mut list = String::new();
    tour(&world, &mut async |name, step| {
        world.proxy.take_calls();
        let answer = perform(&world, &step).await;
        writeln!(list, "{name}").expect("a string");
        for call in world.proxy.take_calls() {
            list.push_str(&describe(&call));
        }
        answer
    })
    .await;

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/calls.txt");
    if std::env::var_os("LATCHKEY_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &list).expect("the golden list can be written");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    let first = list.lines().zip(golden.lines()).enumerate().find(|(_, (now, then))| now != then);
    assert!(
        list == golden,
        "the calls changed, first at {first:?}. If you intended that, run with LATCHKEY_WRITE_GOLDEN=1 and review the difference."
    );
}

/// The most write units of a complete reset by mail with sign-in, for an account with
/// one method; indexes, notice and `send-code` included.
const MOST_WRITE_UNITS: f64 = 78.0;

#[tokio::test(flavor = "multi_thread")]
async fn a_full_reset_with_sign_in_takes_at_most_78_write_units() {
    const STEPS: [&str; 7] = [
        "start reset",
        "send challenge",
        "send-code, reset",
        "verify, reset",
        "set password",
        "send-code, notice",
        "sign-in after the reset",
    ];
    let world = World::new().await;
    let mut units = Vec::new();
    tour(&world, &mut async |name, step| {
        world.proxy.take_calls();
        let answer = perform(&world, &step).await;
        let taken: f64 = world.proxy.take_calls().iter().map(Call::write_units).sum();
        if STEPS.contains(&name) {
            units.push((name.to_owned(), taken));
        }
        answer
    })
    .await;
    let total: f64 = units.iter().map(|(_, taken)| taken).sum();
    eprintln!("write units of a reset: {total}, {units:?}");
    assert_eq!(units.len(), STEPS.len());
    assert!(units.iter().all(|(_, taken)| *taken > 0.0), "{units:?}");
    assert!(total <= MOST_WRITE_UNITS, "{total} write units: {units:?}");
    let said = format!("at most **{MOST_WRITE_UNITS} write units**");
    assert!(include_str!("../../../infra/README.md").contains(&said), "infra/README.md: {said}");
}
