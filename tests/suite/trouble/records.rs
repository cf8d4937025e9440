//! Stream records under faults: each message is sent once, retried, or given up.

use super::faults::break_write;
use domain::time::Span;
use serde_json::Value;
use tests::{Fault, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_claim_fails_is_tried_again_and_sent_once() {
    for fault in [Fault::Conflict, Fault::Throttle] {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let mails = world.standins.inbox().all().len();
        let reset = world.start_reset(&ann.user_id).await;
        world.send_code(&reset).await;
        break_write(&world, 0, fault);
        world.pump().await;
        world.proxy.clear_rule();
        assert_eq!(world.dead_letters().await, 0);
        assert_eq!(world.standins.inbox().all().len(), mails + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimable_message_becomes_a_dead_letter_and_delays_no_other() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mails = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    world
        .proxy
        .set_rule(|_, body| body.to_string().contains(":claimed").then_some(Fault::Conflict));
    world.pump().await;
    world.proxy.clear_rule();
    assert_eq!((world.dead_letters().await, world.standins.inbox().all().len()), (1, mails));
    world.pass(Span::minutes(1));
    world.send_code(&reset).await;
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), mails + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_a_rejected_mail_is_recorded_and_another_code_can_be_requested() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mails = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.standins.fail_next(local::inbox::Channel::Email, local::inbox::Failure::Rejected);
    world.send_code(&reset).await;
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), mails);
    let failed = |item: &Value| item["state"]["S"] == "failed";
    assert_eq!(world.items().await.iter().filter(|item| failed(item)).count(), 1);
    world.pass(Span::seconds(30));
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_a_repeated_or_reordered_record_sends_nothing_more() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mails = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    world.pass(Span::seconds(30));
    world.send_code(&reset).await;
    let mut rows: Vec<Value> =
        world.items().await.into_iter().filter(|item| item["state"]["S"] == "queued").collect();
    assert_eq!(rows.len(), 2);
    // Delivers the newer row first, then the older, and both three times.
    rows.sort_by_key(|row| std::cmp::Reverse(row["sk"]["S"].to_string()));
    let record = |(n, row): (usize, &Value)| serde_json::json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": n.to_string(), "Keys": { "pk": row["pk"], "sk": row["sk"] } } });
    for _ in 0..3 {
        let records: Vec<Value> = rows.iter().enumerate().map(record).collect();
        let answer = world
            .invoke_send_code(&serde_json::json!({ "Records": records }))
            .await
            .expect("an answer");
        assert_eq!(answer["batchItemFailures"], serde_json::json!([]));
    }
    // Only the live code was sent, once.
    assert_eq!(world.standins.inbox().all().len(), mails + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_a_crash_between_a_send_and_its_record_repeats_the_same_code_at_most_once() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mails = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    // The mail is sent, but the write that marks its row as sent fails.
    world
        .proxy
        .set_rule(|_, body| body.to_string().contains("REMOVE #bucket").then_some(Fault::Throttle));
    world.pump().await;
    world.proxy.clear_rule();
    let sent = world.standins.inbox().all().split_off(mails);
    assert!((1..=2).contains(&sent.len()), "{} mails", sent.len());
    assert!(sent.iter().all(|mail| mail.code == sent[0].code && mail.code.is_some()));
    world
        .verify(&reset.bearer, &challenge, sent[0].code.as_deref().expect("a code"))
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_arrives_before_its_ledger_is_retried() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mails = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    let items = world.items().await;
    let kind = |item: &Value, prefix: &str| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(prefix))
    };
    let row = items
        .iter()
        .find(|item| kind(item, "OUTBOX#") && item["state"]["S"] == "queued")
        .expect("a row");
    let whose = row["pk"]["S"].as_str().expect("a key").replace("OUTBOX#", "LEDGER#");
    let ledger = items
        .iter()
        .find(|item| item["pk"]["S"] == whose && item["sk"]["S"] == "reset:email")
        .expect("a ledger");
    let event = serde_json::json!({ "Records": [
        { "eventName": "INSERT", "dynamodb": { "SequenceNumber": "1", "Keys": { "pk": row["pk"], "sk": row["sk"] } } }
    ] });
    let handle = async || {
        let answer = world.invoke_send_code(&event).await.expect("an answer");
        answer["batchItemFailures"].as_array().map_or(0, Vec::len)
    };
    world
        .table(
            "DeleteItem",
            serde_json::json!({ "Key": { "pk": ledger["pk"], "sk": ledger["sk"] } }),
        )
        .await;
    assert_eq!(handle().await, 1, "the record must be retried");
    world.table("PutItem", serde_json::json!({ "Item": ledger })).await;
    assert_eq!(handle().await, 0);
    assert_eq!(world.standins.inbox().all().len(), mails + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_whose_ledger_never_appears_is_dropped() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    let mails = world.standins.inbox().all().len();
    // Disabling the account ends the challenge before its message is sent.
    let seen = world
        .ask(tests::world::Ask::new("GET", "/v1/users/ann@example.com").bearer(&admin))
        .await
        .expect(200);
    let patch = tests::world::Ask::new("PATCH", "/v1/users/ann@example.com")
        .bearer(&admin)
        .header("if-match", &seen.headers["etag"]);
    world.ask(patch.body(serde_json::json!({ "enabled": false }))).await.expect(200);
    world.pass(Span::seconds(3));
    world.pump().await;
    assert_eq!((world.dead_letters().await, world.standins.inbox().all().len()), (0, mails));
}
