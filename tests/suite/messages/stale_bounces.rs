//! Bounces that prove nothing about the current method: repeated ones, and those of an
//! address that was changed or verified after the send.

use super::bounces::{MAIL, audit_entries, counts, marks, notified_user};
use domain::time::Span;
use serde_json::Value;
use std::sync::Arc;
use tests::delivery::bounce;
use tests::world::Ask;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn a67_a_repeated_event_changes_nothing() {
    let (world, _, _) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    assert_eq!(
        counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
        [1, 0, 0, 0, 0]
    );
    let after = world.items().await;
    world.pass(Span::minutes(1));
    for _ in 0..3 {
        assert_eq!(
            counts(&world.invoke_delivery_events(&event).await.expect("an answer")),
            [0, 0, 0, 1, 0]
        );
    }
    assert_eq!(world.items().await, after);
    // Of eight copies of a bounce at once, one marks the method.
    let (world, _, _) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    let world = Arc::new(world);
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (world, event) = (world.clone(), event.clone());
        tasks.spawn(async move {
            counts(&world.invoke_delivery_events(&event).await.expect("an answer"))
        });
    }
    let all = tasks.join_all().await;
    assert_eq!(all.iter().filter(|counts| counts[0] == 1).count(), 1, "{all:?}");
    assert_eq!((audit_entries(&world).await.len(), marks(&world).await.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a67_an_address_that_changed_or_was_proved_after_the_send_is_not_marked() {
    // The address was changed after the send.
    let (world, _, ann) = notified_user().await;
    let old = bounce("Permanent", &world.name_of_newest(MAIL));
    world.pass(Span::minutes(11));
    world.add_method(&world.session(&ann).await, "email", "ann.new@example.com").await;
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    // The old address receives the notice about the change: its bounce proves nothing
    // about the new address.
    world.pass(Span::seconds(1));
    world.pump().await;
    let notice = bounce("Permanent", &world.name_of_newest(MAIL));
    assert_ne!(notice, old);
    assert_eq!(
        counts(&world.invoke_delivery_events(&notice).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    // The old address is verified again: a message sent before that does not mark it.
    world.pass(Span::minutes(11));
    world.add_method(&world.session(&ann).await, "email", MAIL).await;
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    assert_eq!(marks(&world).await, vec![]);
    // The method is removed, then the account is deleted.
    let (world, admin, ann) = notified_user().await;
    let old = bounce("Permanent", &world.name_of_newest(MAIL));
    world
        .ask(Ask::new("DELETE", "/v1/me/methods/email").bearer(&world.session(&ann).await))
        .await
        .expect(204);
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    let seen =
        world.ask(Ask::new("GET", "/v1/users/ann@example.com").bearer(&admin)).await.expect(200);
    let delete = Ask::new("DELETE", "/v1/users/ann@example.com")
        .bearer(&admin)
        .header("if-match", &seen.headers["etag"]);
    world.ask(delete).await.expect(204);
    assert_eq!(
        counts(&world.invoke_delivery_events(&old).await.expect("an answer")),
        [0, 1, 0, 0, 0]
    );
    assert_eq!(audit_entries(&world).await, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_changes_between_read_and_write_is_not_marked() {
    let (world, _, ann) = notified_user().await;
    let event = bounce("Permanent", &world.name_of_newest(MAIL));
    let gate = world.proxy.hold(|operation, body| {
        operation == "TransactWriteItems" && body.to_string().contains("\"methodUndeliverable\"")
    });
    let change = async {
        gate.arrived(1).await;
        world.pass(Span::minutes(11));
        world.add_method(&world.session(&ann).await, "email", "ann.new@example.com").await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(world.invoke_delivery_events(&event), change);
    assert_eq!(counts(&answer.expect("an answer")), [0, 1, 0, 0, 0]);
    assert_eq!((marks(&world).await, audit_entries(&world).await), (vec![], vec![]));
}
