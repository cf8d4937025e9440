//! Re-drives and stream records at the same time: each message is sent once.

use super::redrive::{MAIL, SEND, code_waits, counts, mails, notice_waits, records, redrive};
use domain::outbox::{AT_REST, IN_HAND};
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::json;
use std::sync::Arc;
use tests::Fault;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn simultaneous_re_drives_and_stream_batches_send_each_message_once() {
    let (world, ann) = notice_waits().await;
    let before = mails(&world);
    world.standins.fail_next(Channel::Email, Failure::Throttled);
    // A code and a notice wait; two batches of stream records and three re-drives run at once.
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    let world = Arc::new(world);
    let mut tasks = JoinSet::new();
    let stream = records(&world).await;
    for event in [
        stream.clone(),
        stream,
        json!({ "redrive": {} }),
        json!({ "redrive": {} }),
        json!({ "redrive": {} }),
    ] {
        let world = world.clone();
        tasks.spawn(async move { world.invoke_send_code(&event).await.expect("an answer") });
    }
    tasks.join_all().await;
    world.pass(AT_REST);
    world.redrive().await;
    let sent = world.standins.inbox().to(MAIL).split_off(before);
    let codes = sent.iter().filter(|mail| mail.code.is_some()).count();
    assert_eq!(sent.len() - codes, 1, "{sent:?}");
    // If the throttled send was that of the code, the code may have expired by now.
    assert!(codes <= 1, "{sent:?}");
    assert_eq!(redrive(&world).await, [0; 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_drive_leaves_a_message_that_the_stream_is_sending() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    let world = Arc::new(world);
    let gate = world.proxy.hold(|operation, _| operation == SEND);
    let slow = tokio::spawn({
        let (world, stream) = (world.clone(), records(&world).await);
        async move { world.invoke_send_code(&stream).await }
    });
    gate.arrived(1).await;
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1]);
    gate.open();
    slow.await.expect("no panic").expect("an answer");
    assert_eq!((redrive(&world).await, mails(&world)), ([0; 5], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_leaves_a_message_that_a_re_drive_is_sending() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    let (stream, world) = (records(&world).await, Arc::new(world));
    let gate = world.proxy.hold(|operation, _| operation == SEND);
    let slow = tokio::spawn({
        let world = world.clone();
        async move { world.redrive().await }
    });
    gate.arrived(1).await;
    let answer = world.invoke_send_code(&stream).await.expect("an answer");
    assert_eq!(
        answer["batchItemFailures"],
        json!([{ "itemIdentifier": "0" }]),
        "the record is reported for another try"
    );
    gate.open();
    assert_eq!(counts(&slow.await.expect("no panic")), [1, 1, 0, 0, 0]);
    let answer = world.invoke_send_code(&stream).await.expect("an answer");
    assert_eq!((answer["batchItemFailures"].clone(), mails(&world)), (json!([]), before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_a_re_drive_lost_is_sent_by_the_stream_before_it_expires() {
    let (world, _, _) = code_waits().await;
    let (before, stream) = (mails(&world), records(&world).await);
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
    world.proxy.clear_rule();
    world.pass(Span(IN_HAND.0 - 1));
    let left = world.invoke_send_code(&stream).await.expect("an answer");
    assert_eq!(
        (left["batchItemFailures"].as_array().map(Vec::len), mails(&world)),
        (Some(1), before),
        "it may still be on its way"
    );
    world.pass(Span(1));
    world.invoke_send_code(&stream).await.expect("an answer");
    assert_eq!(mails(&world), before + 1);
}
