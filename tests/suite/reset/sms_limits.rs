//! Limits of SMS per number, country and day. `send-code` counts each SMS against them
//! before it publishes it.

use super::phone::{NUMBER, admin, make_registration_optional, ready, reason, sms};
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::World;
use tests::people::StartedReset;
use tests::world::Ask;

/// Passes all waiting outbox rows to `send-code` at once, and repeats until none waits.
async fn deliver_at_once(world: &Arc<World>) {
    let queued = |item: &Value| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
            && item["bucket"].is_object()
    };
    for _ in 0..10 {
        let rows: Vec<Value> = world
            .items()
            .await
            .into_iter()
            .filter(queued)
            .filter(|row| row["state"]["S"] != "failed")
            .collect();
        if rows.is_empty() {
            return;
        }
        let one = |(n, row): (usize, Value)| {
            let world = world.clone();
            let keys = json!({ "pk": row["pk"], "sk": row["sk"] });
            let record = json!({ "eventName": "INSERT", "dynamodb": { "SequenceNumber": n.to_string(), "Keys": keys } });
            tokio::spawn(
                async move { world.invoke_send_code(&json!({ "Records": [record] })).await },
            )
        };
        for task in rows.into_iter().enumerate().map(one).collect::<Vec<_>>() {
            task.await.expect("no panic").expect("an answer");
        }
    }
    panic!("the outbox does not become empty");
}

/// Creates twenty accounts, each with its own phone number, or all with the same number.
async fn twenty(one_number: bool) -> (Arc<World>, Vec<(String, String)>) {
    let world = World::new().await;
    let session = world.session(&world.administrator().await).await;
    world.switch_on_phones(&session, 1).await;
    make_registration_optional(&world, &session).await;
    let mut people = Vec::new();
    for n in 0..20 {
        let user_id = format!("user{n}@example.com");
        let number = if one_number { NUMBER.to_owned() } else { format!("+614915701{n:02}") };
        let session = admin(&world).await;
        let user = world.user(&session, json!({ "userId": user_id, "name": "Sample User" })).await;
        world.register_all(&user, &[("mobilePhone", &number)]).await;
        people.push((user_id, number));
        if one_number {
            world.pass(Span::minutes(15));
        }
    }
    world.pass(Span::days(1));
    world.standins.inbox().clear();
    (Arc::new(world), people)
}

/// Requests 500 codes at once, 25 for each account, each in a reset of its own.
async fn five_hundred(world: &Arc<World>, people: &[(String, String)]) {
    let mut resets = Vec::new();
    for (user_id, number) in people {
        let starting: Vec<_> = (0..25)
            .map(|_| {
                let (world, user_id) = (world.clone(), user_id.clone());
                tokio::spawn(async move { world.start_reset(&user_id).await })
            })
            .collect();
        for one in starting {
            resets.push((one.await.expect("no panic"), number.clone()));
        }
    }
    let sending: Vec<_> = resets
        .into_iter()
        .map(|(reset, number)| {
            let world = world.clone();
            tokio::spawn(async move { world.ask_sms(&reset, &number).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for one in sending {
        statuses.push(one.await.expect("no panic"));
    }
    assert!(statuses.iter().all(|status| [202, 429, 503].contains(status)), "{statuses:?}");
    assert!(
        statuses.iter().filter(|status| **status == 202).count() >= people.len(),
        "{statuses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a53_of_500_parallel_sends_exactly_the_days_budget_is_published() {
    let (world, people) = twenty(false).await;
    let session = admin(&world).await;
    world
        .save_policy(&session, |policy| policy["limits"]["smsPerDay"] = json!(10))
        .await
        .expect(200);
    five_hundred(&world, &people).await;
    deliver_at_once(&world).await;
    assert_eq!(world.standins.inbox().all().len(), 10);

    // SMS are unavailable to all accounts alike, until the UTC day ends.
    let mut faces = Vec::new();
    for user in [people[0].0.as_str(), "unknown@example.com"] {
        let started = world.ask_reset(user).await.expect(201);
        assert_eq!(started.body["unavailable"], json!(["mobilePhone"]));
        let reset = StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: String::new(),
        };
        let refused = world.ask_sms(&reset, NUMBER).await.expect(503);
        assert_eq!(refused.code(), "smsUnavailable");
        let left = (world.now().next_day() - world.now()).whole_seconds();
        faces.push((refused.headers["retry-after"].clone(), left.to_string()));
        world.ask_code(&reset).await.expect(202);
    }
    assert!(faces.iter().all(|(wait, left)| wait == left), "{faces:?}");
    // A budget raised by one allows one more SMS.
    world
        .save_policy(&session, |policy| policy["limits"]["smsPerDay"] = json!(11))
        .await
        .expect(200);
    // After an hour the limits of the accounts allow SMS again.
    world.pass(Span::hours(1));
    for (user, number) in &people[..3] {
        let reset = world.start_reset(user).await;
        let answer = world.ask_sms(&reset, number).await;
        deliver_at_once(&world).await;
        assert!([202, 503].contains(&answer.status));
    }
    assert_eq!(world.standins.inbox().all().iter().filter(|m| m.to.starts_with('+')).count(), 11);
    world.pass(world.now().next_day() - world.now());
    let reset = world.start_reset(&people[5].0).await;
    world.ask_sms(&reset, &people[5].1).await.expect(202);
    deliver_at_once(&world).await;
    assert_eq!(
        world.standins.inbox().all().iter().filter(|m| m.to.starts_with('+')).count(),
        12,
        "a new day"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a54_one_number_of_twenty_accounts_gets_exactly_its_limit_in_an_hour() {
    let (world, people) = twenty(true).await;
    five_hundred(&world, &people).await;
    deliver_at_once(&world).await;
    assert_eq!(sms(&world), 5);
    // The limit applies until the window's last millisecond, and ends as sends leave the window.
    for (passed, expected) in [(Span(Span::hours(1).0 - 1), 5), (Span(1), 10)] {
        world.pass(passed);
        for (user_id, number) in &people {
            let reset = world.start_reset(user_id).await;
            // An account's own limit may apply until the same moment.
            let answer = world.ask_sms(&reset, number).await;
            assert!(
                answer.status == 202 || expected == 5 && answer.code() == "tooSoon",
                "{answer:?}"
            );
        }
        deliver_at_once(&world).await;
        assert_eq!(sms(&world), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_country_budget_shows_only_under_the_support_code() {
    let (world, admin, _) = ready().await;
    // Registering used one SMS of the budget.
    world
        .save_policy(&admin, |policy| policy["limits"]["smsPerCountryAndDay"] = json!(2))
        .await
        .expect(200);
    let first = world.start_reset("ann@example.com").await;
    world.prove(&first, "mobilePhone", NUMBER).await;
    let second = world.start_reset("ann@example.com").await;
    let answer = world.ask_sms(&second, NUMBER).await.expect(202);
    assert!(!answer.body.to_string().contains("country"));
    assert_eq!(reason(&world, &second).await, "countryBudget");
    // Notices are sent even if the budget is used up, and are counted.
    world.set_password(&first, "a new and longer ptarmigan").await.expect(204);
    let before = sms(&world);
    world.pump().await;
    assert_eq!(sms(&world) - before, 1);
    let budget = world
        .items()
        .await
        .into_iter()
        .find(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("BUDGET#")));
    let budget = budget.expect("a day");
    assert_eq!((&budget["AU"]["N"], &budget["total"]["N"]), (&json!("3"), &json!("3")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_budget_of_zero_makes_sms_unavailable_at_once() {
    let (world, admin, _) = ready().await;
    world.save_policy(&admin, |policy| policy["limits"]["smsPerDay"] = json!(0)).await.expect(200);
    let reset = world.start_reset("ann@example.com").await;
    assert_eq!(world.ask_sms(&reset, NUMBER).await.code(), "smsUnavailable");
    let bearer =
        world.session(&world.user(&admin, json!({ "userId": "eve", "name": "Eve" })).await).await;
    let add = Ask::new("POST", "/v1/me/methods")
        .bearer(&bearer)
        .body(json!({ "kind": "mobilePhone", "destination": "+61491570157" }));
    assert_eq!(world.ask(add).await.code(), "smsUnavailable", "registration too");
    // If the budget is used up between the request and the send, the message is dropped.
    world.save_policy(&admin, |policy| policy["limits"]["smsPerDay"] = json!(9)).await.expect(200);
    let reset = world.start_reset("ann@example.com").await;
    world.ask_sms(&reset, NUMBER).await.expect(202);
    world.save_policy(&admin, |policy| policy["limits"]["smsPerDay"] = json!(1)).await.expect(200);
    assert_eq!(reason(&world, &reset).await, "smsBudget");
}
