//! Tests how `delivery-events` reads events of SES and SNS, including malformed ones.

use crate::messages::bounces::{MAIL, NUMBER, audit_entries, counts, marks, notified_user, notify};
use domain::time::Span;
use serde_json::{Value, json};
use tests::Fault;
use tests::delivery::{bounce, logged, notified, packed, ses, sms_line};

#[tokio::test(flavor = "multi_thread")]
async fn a_permanent_failure_marks_the_method_and_a_transient_one_does_not() {
    let in_log = |said: &'static str| move |name: &str| logged(&[sms_line(name, "FAILURE", said)]);
    type Event = Box<dyn Fn(&str) -> Value>;
    #[rustfmt::skip]
    let table: Vec<(&str, &str, Event, Option<&str>, usize)> = vec![
        // label, address, delivery event, reason of the mark, index of the count
        ("bounced", MAIL, Box::new(|n| bounce("Permanent", n)), Some("bounced"), 0),
        ("bounced, by SNS", MAIL, Box::new(|n| notified(&bounce("Permanent", n))), Some("bounced"), 0),
        (
            "complaint withdrawn",
            MAIL,
            Box::new(|n| ses("Complaint", n, json!({ "complaint": { "complaintFeedbackType": "not-spam" } }))),
            None,
            2,
        ),
        ("a complaint", MAIL, Box::new(|n| ses("Complaint", n, json!({ "complaint": {} }))), Some("complained"), 0),
        ("transient bounce", MAIL, Box::new(|n| bounce("Transient", n)), None, 2),
        ("undetermined bounce", MAIL, Box::new(|n| bounce("Undetermined", n)), None, 2),
        ("delayed", MAIL, Box::new(|n| ses("DeliveryDelay", n, json!({}))), None, 2),
        ("rejected", MAIL, Box::new(|n| ses("Reject", n, json!({ "reject": { "reason": "Bad content" } }))), None, 2),
        ("not rendered", MAIL, Box::new(|n| ses("Rendering Failure", n, json!({}))), None, 2),
        ("opted out", NUMBER, Box::new(in_log("Phone number is opted out")), Some("optedOut"), 0),
        ("blocked", NUMBER, Box::new(in_log("Phone is on a blocked list")), Some("blocked"), 0),
        ("blocked by the phone", NUMBER, Box::new(in_log("Phone has blocked SMS.")), Some("blocked"), 0),
        ("destination blocked", NUMBER, Box::new(in_log("destination is on a blocked list")), Some("blocked"), 0),
        ("invalid number", NUMBER, Box::new(in_log("Invalid phone number")), Some("invalidNumber"), 0),
        ("phone unreachable", NUMBER, Box::new(in_log("Phone is currently unreachable/unavailable")), None, 2),
        ("spam", NUMBER, Box::new(in_log("Blocked as spam by phone carrier")), None, 2),
        ("over the price limit", NUMBER, Box::new(in_log("This delivery would exceed max price")), None, 2),
        ("unknown error", NUMBER, Box::new(in_log("Unknown error attempting to reach phone")), None, 2),
        ("unlisted text", NUMBER, Box::new(in_log("The phone number is opted out of everything")), None, 2),
    ];
    let (world, admin, ann) = notified_user().await;
    let kind = |address: &str| if address == MAIL { "email" } else { "mobilePhone" };
    for (what, address, event, marked, place) in table {
        let answer =
            world.invoke_delivery_events(&event(&world.name_of_newest(address))).await.expect(what);
        let mut expected = [0; 5];
        expected[place] = 1;
        assert_eq!(counts(&answer), expected, "{what}");
        let expected: Vec<_> =
            marked.map(|reason| (kind(address), reason.to_owned())).into_iter().collect();
        assert_eq!(marks(&world).await, expected, "{what}");
        if marked.is_none() {
            continue;
        }
        // Verifying the address again removes the mark.
        world.pass(Span::minutes(11));
        world.add_method(&world.session(&ann).await, kind(address), address).await;
        assert_eq!(marks(&world).await, vec![], "{what}");
        world.pass(Span::hours(1));
        notify(&world, &ann).await;
    }
    drop(admin);
    assert_eq!(audit_entries(&world).await.len(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_delivered_message_writes_nothing() {
    let (world, _, _) = notified_user().await;
    let before = world.items().await;
    for event_type in ["Send", "Delivery", "Open", "Click", "Subscription", "Something New"] {
        let answer = world
            .invoke_delivery_events(&ses(event_type, &world.name_of_newest(MAIL), json!({})))
            .await
            .expect("an answer");
        assert_eq!(counts(&answer), [0; 5], "{event_type}");
    }
    let taken = sms_line(
        &world.name_of_newest(NUMBER),
        "SUCCESS",
        "Message has been accepted by phone carrier",
    );
    assert_eq!(
        counts(&world.invoke_delivery_events(&logged(&[taken])).await.expect("an answer")),
        [0; 5]
    );
    let test =
        packed(json!({ "messageType": "CONTROL_MESSAGE", "logEvents": [{ "message": "CWL CONTROL MESSAGE" }] }).to_string().as_bytes());
    assert_eq!(counts(&world.invoke_delivery_events(&test).await.expect("an answer")), [0; 5]);
    assert_eq!(world.items().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_an_event_of_an_unknown_message_is_dropped_after_one_read() {
    let (world, _, _) = notified_user().await;
    let before = world.items().await;
    let (mail, sms) = (world.name_of_newest(MAIL), world.name_of_newest(NUMBER));
    world.proxy.take_calls();
    let opted_out = |name: &str| logged(&[sms_line(name, "FAILURE", "Phone number is opted out")]);
    // Unknown message IDs, and message IDs of the other channel.
    for event in [
        bounce("Permanent", "0100019-unknown"),
        opted_out("0-0-0"),
        bounce("Permanent", &sms),
        opted_out(&mail),
    ] {
        assert_eq!(
            counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
            [0, 0, 0, 1, 0]
        );
    }
    assert_eq!(world.proxy.take_calls().len(), 4);
    // A message ID that could form another table key is malformed, and causes no AWS call.
    for name in ["", "a#b", "a b", "ä", "x\u{0}", &"a".repeat(129)] {
        assert_eq!(
            counts(
                &world.invoke_delivery_events(&bounce("Permanent", name)).await.expect("an answer")
            ),
            [0, 0, 0, 0, 1],
            "{name}"
        );
    }
    assert_eq!(world.proxy.take_calls().len(), 0);
    assert_eq!(world.items().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_event_is_dropped_and_holds_up_no_other() {
    let (world, _, _) = notified_user().await;
    let name = world.name_of_newest(MAIL);
    let gzip = |text: &str| packed(text.as_bytes());
    #[rustfmt::skip]
    let table = [
        json!(null), json!([]), json!(5), json!("text"), json!({}), json!([[]]),
        json!({ "detail": null }), json!({ "detail": [] }), json!({ "detail": {} }), json!({ "detail": "Bounce" }),
        json!({ "detail": { "eventType": "Bounce" } }), json!({ "detail": { "eventType": "Bounce", "mail": {} } }),
        json!({ "detail": { "eventType": "Bounce", "mail": { "messageId": name } } }),
        json!({ "detail": { "eventType": "Bounce", "mail": { "messageId": name }, "bounce": {} } }),
        json!({ "detail": { "eventType": "Bounce", "mail": { "messageId": 5 }, "bounce": { "bounceType": "Permanent" } } }),
        json!({ "detail": { "eventType": "Bounce", "mail": { "messageId": [name] }, "bounce": { "bounceType": "Permanent" } } }),
        json!({ "detail": { "eventType": 7, "mail": { "messageId": name } } }),
        json!({ "Records": {} }), json!({ "Records": [{}] }), json!({ "Records": ["x"] }),
        json!({ "Records": [{ "Sns": {} }] }), json!({ "Records": [{ "Sns": { "Message": "not JSON" } }] }),
        json!({ "Records": [{ "Sns": { "Message": "{}" } }] }), json!({ "Records": [{ "Sns": { "Message": { "eventType": "Bounce" } } }] }),
        json!({ "awslogs": {} }), json!({ "awslogs": { "data": 5 } }), json!({ "awslogs": { "data": "***" } }),
        json!({ "awslogs": { "data": "bm90IGd6aXA=" } }),
        gzip(""), gzip("[]"), gzip("{}"), gzip("{\"messageType\":\"DATA_MESSAGE\",\"logEvents\":{}}"),
        gzip(&format!("{{\"messageType\":\"{}\"}}", "x".repeat(9 << 20))),
        logged(&["not JSON".to_owned()]), logged(&["{}".to_owned()]), logged(&["{\"status\":\"FAILURE\"}".to_owned()]),
        logged(&[sms_line("a#b", "FAILURE", "Phone number is opted out")]),
    ];
    let before = world.items().await;
    for event in &table {
        let shown = event.to_string().chars().take(100).collect::<String>();
        assert_eq!(
            counts(&world.invoke_delivery_events(event).await.expect(&shown)),
            [0, 0, 0, 0, 1],
            "{shown}"
        );
    }
    assert_eq!(
        counts(&world.invoke_delivery_events(&json!({ "Records": [] })).await.expect("an answer")),
        [0; 5]
    );
    assert_eq!(world.items().await, before);
    // In a batch, each line is judged separately.
    let good = sms_line(&world.name_of_newest(NUMBER), "FAILURE", "Phone number is opted out");
    let mixed = logged(&[
        "not JSON".to_owned(),
        good,
        sms_line("unknown", "FAILURE", "Invalid phone number"),
    ]);
    assert_eq!(
        counts(&world.invoke_delivery_events(&mixed).await.expect("an answer")),
        [1, 0, 0, 1, 1]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_whose_id_could_not_be_stored_is_not_sent_again() {
    let (world, _, ann) = notified_user().await;
    let before = world.standins.inbox().all().len();
    world.proxy.set_rule(|operation, _| (operation == "PutItem").then_some(Fault::AccessDenied));
    notify(&world, &ann).await;
    world.proxy.clear_rule();
    let sent = world.standins.inbox().all().len() - before;
    assert_eq!((sent % 2, world.dead_letters().await), (0, 0));
    let answer = world
        .invoke_delivery_events(&bounce("Permanent", &world.name_of_newest(MAIL)))
        .await
        .expect("an answer");
    assert_eq!(counts(&answer), [0, 0, 0, 1, 0], "no record says whose message it was");
    notify(&world, &ann).await;
    assert_eq!(
        world.standins.inbox().all().len() - before,
        2 * sent,
        "as many messages as with the record"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_retried_when_the_table_does_not_answer() {
    let (world, _, _) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    for broken in ["BatchGetItem", "TransactWriteItems"] {
        world
            .proxy
            .set_rule(move |operation, _| (operation == broken).then_some(Fault::AccessDenied));
        assert!(world.invoke_delivery_events(&event).await.is_err(), "{broken}");
        world.proxy.clear_rule();
    }
    assert_eq!(marks(&world).await, vec![]);
    assert_eq!(
        counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
        [1, 0, 0, 0, 0]
    );
}
