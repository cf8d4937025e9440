//! Re-drives of messages that were not sent, for example because of an outage. Each
//! message is sent once, dropped if it is no longer valid, or left while another
//! process may be sending it.

use domain::outbox::AT_REST;
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::{Fault, Person, World};

pub const MAIL: &str = "ann.private@example.com";
pub const SEND: &str = "/v2/email/outbound-emails";

/// Returns the number of mails that Ann received.
pub fn mails(world: &World) -> usize {
    world.standins.inbox().to(MAIL).len()
}

/// Whether an item is an outbox row.
pub fn is_row(item: &Value) -> bool {
    item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
}

/// Returns the state and reason of each outbox row.
async fn states(world: &World) -> Vec<String> {
    let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
    let rows = world.items().await.into_iter().filter(is_row);
    rows.map(|row| format!("{} {}", text(&row["state"]), text(&row["reason"]))).collect()
}

/// Builds the stream records of the queued outbox rows.
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

/// Returns the counts of a run: rows that it looked at; of those, sent, dropped, failed, left.
pub fn counts(answer: &Value) -> [u64; 5] {
    ["looked", "sent", "dropped", "failed", "left"]
        .map(|name| answer[name].as_u64().unwrap_or_else(|| panic!("no {name} in {answer}")))
}

/// Returns the counts of a re-drive that looks at every row.
pub async fn redrive(world: &World) -> [u64; 5] {
    let answer = world.redrive().await;
    assert_eq!(answer.get("next"), None, "the run looked at every row");
    counts(&answer)
}

/// Creates a user whose password was just reset, so that a notice waits.
pub async fn notice_waits() -> (World, Person) {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", MAIL).await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    (world, ann)
}

/// Makes the channel unresponsive while the stream's records are tried, and restores it.
async fn outage(world: &World) {
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::Silence));
    world.pump().await;
    world.proxy.clear_rule();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_the_stream_could_not_send_is_sent_once_by_a_re_drive() {
    // The channel does not respond: the message may have been sent, so the next try waits.
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    outage(&world).await;
    assert_eq!((mails(&world), world.dead_letters().await), (before, 1));
    assert_eq!(redrive(&world).await, [1, 0, 0, 0, 1], "claimed recently");
    world.pass(Span(AT_REST.0 - 1));
    assert_eq!(
        redrive(&world).await,
        [1, 0, 0, 0, 1],
        "still claimed a millisecond before the end"
    );
    world.pass(Span(1));
    assert_eq!(redrive(&world).await, [1, 1, 0, 0, 0]);
    assert_eq!(mails(&world), before + 1);
    for _ in 0..2 {
        assert_eq!(redrive(&world).await, [0; 5], "there is nothing left");
        world.pass(AT_REST);
    }
    assert_eq!(mails(&world), before + 1);

    // The channel reported that it refused the message: the row can be tried again at once.
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
async fn a_send_that_ends_with_access_denied_spends_no_try() {
    let (world, _) = notice_waits().await;
    let before = mails(&world);
    world.proxy.set_rule(|operation, _| (operation == SEND).then_some(Fault::AccessDenied));
    world.pump().await;
    world.proxy.clear_rule();
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_sent_after_an_outage_that_lasted_many_re_drives() {
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
            "one try in 15 minutes, however many re-drives run"
        );
    }
    world.pass(AT_REST);
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permanently_refused_notice_is_tried_again_by_a_re_drive() {
    // SES refuses messages like this while the sender is not verified.
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

/// Creates a reset whose code was requested and is still queued.
pub async fn code_waits() -> (World, StartedReset, String) {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    (world, reset, challenge)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_code_is_sent_and_an_expired_or_superseded_one_is_dropped() {
    // The code was never claimed and has not expired.
    let (world, reset, challenge) = code_waits().await;
    let before = mails(&world);
    world.pass(Span::minutes(4));
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 1, 0, 0, 0], before + 1));
    let code = world.code_for(MAIL).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    assert_eq!(mails(&world), before + 1, "the stream's own record finds it sent");

    // The code has expired; then a newer one replaces it, which is sent.
    let (world, reset, _) = code_waits().await;
    let before = mails(&world);
    world.pass(Span::minutes(5));
    assert_eq!((redrive(&world).await, mails(&world)), ([1, 0, 1, 0, 0], before));
    assert!(states(&world).await.contains(&"dropped tooLate".to_owned()));
    world.send_code(&reset).await;
    world.pass(Span::minutes(1));
    world.send_code(&reset).await;
    assert_eq!((redrive(&world).await, mails(&world)), ([2, 1, 1, 0, 0], before + 1));

    // The row was claimed by a process that got no response: it is left while the claim is valid.
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
async fn a_failed_code_stays_unchanged_for_the_help_desk_to_see() {
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
async fn a_code_that_was_used_is_not_sent_again() {
    let (world, reset, challenge) = code_waits().await;
    let before = mails(&world);
    let stream = records(&world).await;
    // The code is sent, but its row cannot be marked as sent.
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
async fn a_re_drive_also_sends_the_notices_to_other_administrators() {
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
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    // Two notices, and a row for all administrators, which becomes two more rows that
    // the next run finds.
    let mut done = [0; 2];
    for _ in 0..2 {
        let [_, sent, _, failed, left] = redrive(&world).await;
        done[0] += sent;
        done[1] += failed + left;
    }
    assert_eq!(done, [5, 0]);
    assert_eq!((redrive(&world).await, world.standins.inbox().all().len()), ([0; 5], before + 4));
}
