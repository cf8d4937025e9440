//! What was not sent, say through an outage, and is handled once more: sent
//! once, dropped where it is over, and left alone where somebody may have it.

use domain::delivery::SENT_KEPT;
use domain::flow::send_code::redrive::MOST_ROWS;
use domain::outbox::{AT_REST, OUTBOX_KEPT};
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Fault, Person, World};

pub const MAIL: &str = "ann.private@example.com";
pub const SEND: &str = "/v2/email/outbound-emails";

pub fn mails(world: &World) -> usize {
    world.standins.inbox().to(MAIL).len()
}

pub fn is_row(item: &Value) -> bool {
    item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
}

/// State and reason of each row.
async fn states(world: &World) -> Vec<String> {
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    let rows = world.items().await.into_iter().filter(is_row);
    rows.map(|row| format!("{} {}", text(&row["state"]), text(&row["reason"]))).collect()
}

/// What the stream brings of rows that nobody handled yet.
pub async fn records(world: &World) -> Value {
    let queued = world
        .items()
        .await
        .into_iter()
        .filter(|item| is_row(item) && item["state"]["S"] == "queued");
    let record = |(n, row): (usize, Value)| {
        let keys = json!({ "pk": row["pk"], "sk": row["sk"] });
        json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": n.to_string(), "Keys": keys } })
    };
    json!({ "Records": queued.enumerate().map(record).collect::<Vec<_>>() })
}

/// Looked at; and of those sent, dropped, failed, left.
pub fn counts(answer: &Value) -> [u64; 5] {
    ["looked", "sent", "dropped", "failed", "left"]
        .map(|name| answer[name].as_u64().unwrap_or_else(|| panic!("no {name} in {answer}")))
}

pub async fn redrive(world: &World) -> [u64; 5] {
    let answer = world.redrive().await;
    assert_eq!(answer.get("next"), None, "all of it was looked at");
    counts(&answer)
}

/// Somebody whose password was just reset, so that a notice waits.
pub async fn notice_waits() -> (World, Person) {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", MAIL).await;
    world.set_password(&reset, "a new and longer password").await.expect(204);
    (world, ann)
}

/// The channel is gone while the stream tries, and comes back.
async fn outage(world: &World) {
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    world.pump().await;
    world.proxy.clear_rule();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_no_try_of_the_stream_could_send_is_sent_once_by_a_re_drive() {
    // Nobody answers: each try may have gone out, so it waits to be tried again.
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    outage(&world).await;
    assert_eq!((mails(&world), world.dead_letters().await), (before, 1));
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1], "claimed lately");
    world.pass(Span(AT_REST.0 - 1));
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1], "and a moment before");
    world.pass(Span(1));
    assert_eq!(redrive(&world).await, [1, 1, 0, 0, 0]);
    assert_eq!(mails(&world), before + 1);
    for _ in 0..2 {
        assert_eq!(redrive(&world).await, [0; 5], "there is nothing left");
        world.pass(AT_REST);
    }
    assert_eq!(mails(&world), before + 1);

    // The channel said that it did not take it: it is free at once.
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    for _ in 0..3 {
        world.standins.fail_next(Channel::Email, Failure::Throttled);
    }
    world.pump().await;
    assert_eq!((mails(&world), world.dead_letters().await), (before, 1));
    assert_eq!(redrive(&world).await, [1, 1, 0, 0, 0]);
    assert_eq!((mails(&world), redrive(&world).await), (before + 1, [0; 5]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_we_have_no_right_to_send_no_try_is_spent() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::AccessDenied));
    world.pump().await;
    world.proxy.clear_rule();
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_goes_on_through_many_re_drives_keeps_no_notice_from_being_sent() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    outage(&world).await;
    for _ in 0..20 {
        world.pass(AT_REST);
        world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
        assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
        world.proxy.clear_rule();
        assert_eq!(
            redrive(&world).await,
            [1, 0, 0, 0, 1],
            "one try in a quarter of an hour, however often it is asked for"
        );
    }
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_its_channel_refused_for_good_is_tried_again_where_that_was_put_right() {
    // As SES does where the sender is not verified yet.
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world.pump().await;
    world.pass(AT_REST);
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
    assert!(states(&world).await.contains(&"failed failed".to_owned()));
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1]);
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
}

/// A reset whose code was asked for, and not handled yet.
pub async fn code_waits() -> (World, StartedReset, String) {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    (world, reset, challenge)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_lives_is_sent_and_one_that_is_over_is_dropped() {
    // Never claimed, still alive.
    let (world, reset, challenge) = code_waits().await;
    let before = mails(&world);
    world.pass(Span::minutes(4));
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
    let code = world.code_for(MAIL).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    assert_eq!(mails(&world), before + 1, "the stream's own record finds it sent");

    // Over; superseded by a newer one, which is sent.
    let (world, reset, _) = code_waits().await;
    let before = mails(&world);
    world.pass(Span::minutes(5));
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 0, 1, 0, 0], before));
    assert!(states(&world).await.contains(&"dropped tooLate".to_owned()));
    world.send_code(&reset).await;
    world.pass(Span::minutes(1));
    world.send_code(&reset).await;
    assert_eq!((redrive(&world).await, mails(&world)), ([2, 1, 1, 0, 0], before + 1));

    // Claimed by somebody who went away: left as long as it could be in use.
    let (world, _, _) = code_waits().await;
    let before = mails(&world);
    let mut broken = true;
    world.proxy.set_rule(move |operation, _| {
        let breaks = operation == SEND && std::mem::take(&mut broken);
        breaks.then_some(Fault::Silence)
    });
    world.invoke_send_code(&records(&world).await).await.expect("an answer");
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1]);
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 0, 1, 0, 0], before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_failed_stays_as_it_is_for_the_help_desk_to_see() {
    let (world, _, _) = code_waits().await;
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world.pump().await;
    let before = world.items().await;
    for _ in 0..2 {
        assert_eq!(redrive(&world).await, [1, 0, 0, 0, 0]);
        world.pass(AT_REST);
    }
    assert_eq!(world.items().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_in_time_where_its_channel_does_not_answer() {
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
    // Each send takes five seconds, and comes to nothing.
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
        "the next begins where it ended"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_used_is_not_sent_again() {
    let (world, reset, challenge) = code_waits().await;
    let before = mails(&world);
    let stream = records(&world).await;
    // It goes out, and that it did is not written down.
    world.proxy.set_rule(|operation, body| {
        let closes = operation == "TransactWriteItems" && body.to_string().contains("#reason");
        closes.then_some(Fault::AccessDenied)
    });
    world.invoke_send_code(&stream).await.expect("an answer");
    world.proxy.clear_rule();
    let code = world.standins.inbox().to(MAIL).pop().and_then(|mail| mail.code).expect("a code");
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.invoke_send_code(&stream).await.expect("an answer");
    assert_eq!(mails(&world), before + 1);
    assert!(states(&world).await.contains(&"dropped superseded".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_other_administrators_are_told_is_spread_by_a_re_drive_too() {
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    let other = world
        .user(
            &admin,
            json!({ "userId": "bob@example.com", "name": "Bob", "role": "administrator" }),
        )
        .await;
    world.register_all(&administrator, &[("email", MAIL), ("mobilePhone", "+61491570156")]).await;
    world
        .register_all(
            &other,
            &[("email", "bob.private@example.com"), ("mobilePhone", "+61491570157")],
        )
        .await;
    let reset = world.start_reset("admin@example.com").await;
    world.prove(&reset, "email", MAIL).await;
    world.prove(&reset, "mobilePhone", "+61491570156").await;
    let before = world.standins.inbox().all().len();
    world.set_password(&reset, "a new and longer password").await.expect(204);
    // Two notices, and one that becomes two: those are found by the next run.
    let mut done = [0; 2];
    for _ in 0..2 {
        let [_, sent, _, failed, left] = redrive(&world).await;
        done[0] += sent;
        done[1] += failed + left;
    }
    assert_eq!(done, [5, 0]);
    assert_eq!((redrive(&world).await, world.standins.inbox().all().len()), ([0; 5], before + 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_bounded_and_the_next_goes_on_where_it_ended() {
    let (world, _) = notice_waits().await;
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world.pump().await;
    // Rows as a long outage would leave them: of an earlier run, all but one.
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
async fn a_row_past_its_time_is_not_sent_though_the_broom_was_not_there() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    world.pass(Span(OUTBOX_KEPT.0 - 1));
    // A moment before, it would be.
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    assert_eq!(redrive(&world).await, [1, 0, 0, 1, 0]);
    world.proxy.clear_rule();
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 0, 1, 0, 0], before));
    const { assert!(SENT_KEPT.0 >= Span::days(7).0) };
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_keys_or_the_table_do_not_answer_nothing_is_claimed() {
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
async fn a_re_drive_is_asked_for_in_one_way_and_the_stream_is_no_other() {
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
            error, "this is neither the outbox's stream, a re-drive, nor a measurement",
            "{event}"
        );
    }
    assert_eq!(mails(&world), before);
    // What the gateway would make of a caller's wish reaches other functions, and is a string there.
    let asked = Ask::new("POST", "/v1/resets").body(json!({ "redrive": {} }));
    assert_eq!(world.ask(asked).await.status, 400);
}
