//! Runs of the re-drive: their duration and size, the Lambda events that start one, and
//! what they do when the table does not respond.

use super::redrive::{SEND, counts, is_row, mails, notice_waits, redrive};
use domain::delivery::SENT_KEPT;
use domain::flow::send_code::redrive::MOST_ROWS;
use domain::outbox::{AT_REST, OUTBOX_KEPT};
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::Fault;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_in_time_when_its_channel_does_not_answer() {
    let (world, _) = notice_waits().await;
    let row = world
        .items()
        .await
        .into_iter()
        .find(|item| is_row(item) && item["state"]["S"] == "queued")
        .expect("a row");
    for n in 0..20 {
        let mut row = row.clone();
        row["sk"]["S"] = format!("{:013}.notice.-.row{n:04}", world.now().0).into();
        world.table("PutItem", json!({ "Item": row })).await;
    }
    // Each send takes five seconds and gets no response.
    let clock = world.clock.clone();
    world.proxy.set_rule(move |operation, _| {
        let silent = operation == SEND;
        clock.pass(if silent { Span::seconds(5) } else { Span(0) });
        silent.then_some(Fault::Silence)
    });
    let (first, began) = (world.redrive().await, world.now());
    assert_eq!(
        (counts(&first), first["next"].is_string()),
        ([2, 0, 0, 2, 0], true),
        "an invocation ends after 20 s"
    );
    world.proxy.clear_rule();
    let rest = world
        .invoke_send_code(&json!({ "redrive": { "after": first["next"] } }))
        .await
        .expect("an answer");
    assert_eq!(
        (counts(&rest), world.now()),
        ([19, 19, 0, 0, 0], began),
        "the next run begins where the first ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_bounded_and_the_next_one_goes_on_where_it_ended() {
    let (world, _) = notice_waits().await;
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world.pump().await;
    // Adds outbox rows as a long outage leaves them: an earlier run claimed all but one.
    let row = world
        .items()
        .await
        .into_iter()
        .find(|item| is_row(item) && item["state"]["S"] == "failed")
        .expect("a row");
    let more = MOST_ROWS as usize + 55;
    for n in 0..more {
        let mut row = row.clone();
        row["sk"]["S"] = format!("{:013}.notice.-.row{n:04}", world.now().0).into();
        row["bucket"]["S"] = format!("F#{}", n % 16).into();
        if n + 1 == more {
            row["claimed"]["M"]["at"]["N"] = "0".into();
        }
        world.table("PutItem", json!({ "Item": row })).await;
    }
    let (mut after, mut all, mut runs) = (Value::Null, [0; 5], 0);
    loop {
        let event = if after.is_null() {
            json!({ "redrive": {} })
        } else {
            json!({ "redrive": { "after": after } })
        };
        let answer = world.invoke_send_code(&event).await.expect("an answer");
        let now = counts(&answer);
        assert!(now[0] <= u64::from(MOST_ROWS), "{answer}");
        all.iter_mut().zip(now).for_each(|(all, now)| *all += now);
        (after, runs) = (answer["next"].clone(), runs + 1);
        if after.is_null() {
            break;
        }
    }
    assert_eq!((all, runs), ([more as u64 + 1, 1, 0, 0, more as u64], 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_row_is_not_sent_even_before_ttl_deletes_it() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    world.pass(Span(OUTBOX_KEPT.0 - 1));
    // A millisecond before the row expires, a run still tries it.
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
    world.proxy.clear_rule();
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 0, 1, 0, 0], before));
    const { assert!(SENT_KEPT.0 >= Span::days(7).0) };
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_claims_nothing_when_the_table_does_not_answer() {
    let (world, _) = notice_waits().await;
    let before = world.items().await;
    world.proxy.set_rule(|operation, _| (operation == "Query").then_some(Fault::AccessDenied));
    assert_eq!(world.redrive().await["problem"]["code"], "unavailable");
    world
        .proxy
        .set_rule(|operation, _| (operation == "BatchGetItem").then_some(Fault::AccessDenied));
    assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
    world.proxy.clear_rule();
    assert_eq!(world.items().await, before);
    assert_eq!(redrive(&world).await, [1, 1, 0, 0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_re_drive_takes_one_form_of_event_and_refuses_all_others() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    #[rustfmt::skip]
    let table = [
        (json!({ "redrive": null }), "/redrive"),
        (json!({ "redrive": [] }), "/redrive"),
        (json!({ "redrive": { "limit": 5 } }), "/redrive/limit"),
        (json!({ "redrive": { "after": 5 } }), "/redrive/after"),
        (json!({ "redrive": { "after": "x" } }), "/redrive/after"),
        (json!({ "redrive": { "after": "32#x" } }), "/redrive/after"),
        (json!({ "redrive": {}, "Records": [] }), "/Records"),
    ];
    for (event, pointer) in table {
        let answer = world.invoke_send_code(&event).await.expect("an answer");
        assert_eq!(answer["problem"]["errors"][0]["pointer"], pointer, "{event}: {answer}");
    }
    for event in [json!({}), json!(null), json!([]), json!("redrive"), json!({ "Records": "none" })]
    {
        let error = world.invoke_send_code(&event).await.expect_err("no answer");
        assert_eq!(
            error, "the event is neither a batch of the stream, a re-drive nor a measurement",
            "{event}"
        );
    }
    assert_eq!(mails(&world), before);
    // A request body cannot start a re-drive: the gateway sends it to other functions,
    // which refuse the field.
    let asked = Ask::new("POST", "/v1/resets").body(json!({ "redrive": {} }));
    assert_eq!(world.ask(asked).await.status, 400);
}
