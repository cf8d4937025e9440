//! Tests the measurement of waiting messages, which an alarm uses.

use super::redrive::{SEND, is_row, notice_waits};
use domain::outbox::AT_REST;
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::{Fault, World};

/// Runs a measurement: the number of waiting messages, and the age of the oldest.
async fn measured(world: &World) -> Value {
    world.invoke_send_code(&json!({ "measure": {} })).await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn waiting_messages_are_measured_even_behind_many_failed_ones() {
    let (world, _) = notice_waits().await;
    world.pass(Span::seconds(90));
    assert_eq!(measured(&world).await, json!({ "messages": 1, "oldestSeconds": 90 }));
    let row = world
        .items()
        .await
        .into_iter()
        .find(|item| is_row(item) && item["state"]["S"] == "queued")
        .expect("a row");
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world.pump().await;
    assert_eq!(
        measured(&world).await,
        json!({ "messages": 0, "oldestSeconds": 0 }),
        "a failed message does not wait"
    );
    // Adds 250 failed messages, and one waiting message after them.
    let failed = world
        .items()
        .await
        .into_iter()
        .find(|item| is_row(item) && item["state"]["S"] == "failed")
        .expect("a row");
    for n in 0..250 {
        let mut failed = failed.clone();
        failed["sk"]["S"] = format!("{:013}.notice.-.row{n:04}", world.now().0).into();
        world.table("PutItem", json!({ "Item": failed })).await;
    }
    world.table("PutItem", json!({ "Item": row })).await;
    world.pass(Span::seconds(10));
    assert_eq!(measured(&world).await, json!({ "messages": 1, "oldestSeconds": 100 }));
    // A permanently refused message waits again once a re-drive has claimed it.
    world.pass(AT_REST);
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    world.redrive().await;
    assert!(measured(&world).await["messages"].as_u64() > Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_measurement_that_cannot_read_the_table_fails() {
    let (world, _) = notice_waits().await;
    world.proxy.set_rule(|operation, _| (operation == "Query").then_some(Fault::AccessDenied));
    let failed = world.invoke_send_code(&json!({ "measure": {} })).await.expect_err("no answer");
    assert_eq!(failed, "the outbox could not be measured");
}
