//! Phones: the number typed in full, countries, and the limits that
//! `send-code` charges before it publishes.

use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};

pub const NUMBER: &str = "+61491570156";

/// A world with phones allowed in Australia, and somebody who registered one.
async fn ready() -> (World, String, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    world.register_all(&ann, &[("mobilePhone", NUMBER)]).await;
    unasked(&world, &admin).await;
    world.pass(Span::hours(1));
    let session = self::admin(&world).await;
    (world, session, ann)
}

/// From now on nobody is asked to register, so that the administrator signs in
/// in full.
async fn unasked(world: &World, admin: &str) {
    world
        .save_policy(admin, |policy| policy["registration"]["required"] = json!(false))
        .await
        .expect(200);
}

async fn admin(world: &World) -> String {
    world
        .sign_in("admin@example.com", "a password for the administrator")
        .await
        .expect(200)
        .text("bearer")
}

/// Why the newest message of a reset was not sent.
async fn reason(world: &World, reset: &StartedReset) -> String {
    world.pump().await;
    let rows = world.items().await;
    let rows = rows
        .iter()
        .filter(|row| row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#")));
    let newest = rows
        .filter(|row| row["supportCode"]["S"] == reset.support_code.as_str())
        .max_by_key(|row| row["sk"]["S"].to_string());
    newest.expect("a row")["reason"]["S"].as_str().expect("a reason").to_owned()
}

fn sms(world: &World) -> usize {
    world.standins.inbox().to(NUMBER).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_resets_with_a_phone_alone() {
    let (world, _, ann) = ready().await;
    let started = world.ask_reset("ann@example.com").await.expect(201);
    assert_eq!(
        (&started.body["kinds"], &started.body["typed"], &started.body["unavailable"]),
        (&json!(["email", "mobilePhone"]), &json!(["mobilePhone"]), &json!([]))
    );
    let reset = StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    };
    // As people write it.
    world.prove_by(&reset, "mobilePhone", "+61 491 570 156", NUMBER).await;
    assert_eq!(world.next_in(&reset).await, "password");
    world.set_password(&reset, "a new and longer password").await.expect(204);
    world.sign_in(&ann.user_id, "a new and longer password").await.expect(200);
    world.pump().await;
    let told = world.standins.inbox().to(NUMBER).pop().expect("a notice");
    assert_eq!(told.code, None, "the notice goes to the phone too: {}", told.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_not_the_accounts_is_answered_like_one_that_is_and_gets_nothing() {
    let (world, admin, _) = ready().await;
    let before = world.standins.inbox().all().len();
    let right = world.start_reset("ann@example.com").await;
    let sent = world.ask_sms(&right, NUMBER).await.expect(202);
    let wrong = world.start_reset("ann@example.com").await;
    world.pass(Span::minutes(1));
    let answered = world.ask_sms(&wrong, "+61 491 570 157").await.expect(202);
    let shape = |answer: &Answer| {
        answer.body.as_object().expect("an object").keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!((shape(&answered), &answered.headers), (shape(&sent), &sent.headers));
    assert_eq!(reason(&world, &wrong).await, "destinationMismatch");
    assert_eq!(
        world.standins.inbox().all().len(),
        before,
        "the older one was superseded, the newer one did not match"
    );

    // It is asked for by the policy's word, and judged by the text alone.
    let unknown = world.start_reset("nobody@example.com").await;
    let table = [
        (json!({ "kind": "mobilePhone" }), 400, "destinationMissing"),
        (json!({ "kind": "mobilePhone", "destination": "0491 570 156" }), 400, "notAnAddress"),
        (json!({ "kind": "mobilePhone", "destination": "ann@example.com" }), 400, "notAnAddress"),
        (json!({ "kind": "mobilePhone", "destination": "" }), 400, "notAnAddress"),
        (
            json!({ "kind": "mobilePhone", "destination": "+61491570156;ext=5" }),
            400,
            "notAnAddress",
        ),
        (json!({ "kind": "email", "destination": NUMBER }), 400, "notAnAddress"),
    ];
    for reset in [&right, &unknown] {
        for (body, status, code) in &table {
            let answer = world.ask_code_by(reset, body.clone()).await;
            assert_eq!(
                (answer.status, answer.body["errors"][0]["code"].as_str()),
                (*status, Some(*code)),
                "{body}"
            );
        }
    }

    // A mail address need not be typed, and whoever types one is held to it.
    let other = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob" })).await;
    world.register_all(&other, &[("email", "bob.private@example.com")]).await;
    let reset = world.start_reset("bob@example.com").await;
    world.pass(Span::minutes(1));
    world
        .ask_code_by(&reset, json!({ "kind": "email", "destination": "eve@example.com" }))
        .await
        .expect(202);
    assert_eq!(reason(&world, &reset).await, "destinationMismatch");
    world.pass(Span::minutes(10));
    world.prove_by(&reset, "email", "Bob.Private@EXAMPLE.com", "bob.private@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_must_type_the_address_is_the_policys_to_say_until_the_code_is_sent() {
    let (world, admin, _) = ready().await;
    for (rule, typed, mail, phone) in [
        ("none", json!([]), 202, 202),
        ("phone", json!(["mobilePhone"]), 202, 400),
        ("all", json!(["email", "mobilePhone"]), 400, 400),
    ] {
        world
            .save_policy(&admin, |policy| policy["confirmDestination"] = json!(rule))
            .await
            .expect(200);
        for user in ["ann@example.com", "nobody@example.com"] {
            let started = world.ask_reset(user).await.expect(201);
            assert_eq!(started.body["typed"], typed, "{rule} {user}");
            let reset = StartedReset {
                id: started.text("resetId"),
                bearer: started.text("bearer"),
                support_code: String::new(),
            };
            assert_eq!(
                world.ask_code_by(&reset, json!({ "kind": "email" })).await.status,
                mail,
                "{rule} {user}"
            );
            assert_eq!(
                world.ask_code_by(&reset, json!({ "kind": "mobilePhone" })).await.status,
                phone,
                "{rule} {user}"
            );
        }
    }
    world
        .save_policy(&admin, |policy| policy["confirmDestination"] = json!("none"))
        .await
        .expect(200);
    world.pump().await;
    let before = sms(&world);
    let reset = world.start_reset("ann@example.com").await;
    world.ask_code_by(&reset, json!({ "kind": "mobilePhone" })).await.expect(202);
    world
        .save_policy(&admin, |policy| policy["confirmDestination"] = json!("phone"))
        .await
        .expect(200);
    assert_eq!(reason(&world, &reset).await, "destinationMismatch");
    assert_eq!(sms(&world), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a53_premium_and_unlisted_numbers_are_refused_before_anything_is_sent() {
    let (world, admin, _) = ready().await;
    let eve = world.user(&admin, json!({ "userId": "eve", "name": "Eve" })).await;
    let bearer = world.session(&eve).await;
    let before = world.standins.inbox().all().len();
    #[rustfmt::skip]
    let table = [
        ("+61 1900 123 456", "notAnAddress"), ("+1 900 234 5678", "notAnAddress"), ("+1 800 234 5678", "notAnAddress"), ("+44 9012345678", "notAnAddress"),
        ("+886 2 2345 6789", "notAnAddress"), ("+61491570156x5", "notAnAddress"), ("61491570156", "notAnAddress"), ("+886 912 345 678", "countryNotAllowed"),
        ("+1 202 555 0123", "countryNotAllowed"), ("+7 916 123 45 67", "countryNotAllowed"),
    ];
    for (number, code) in table {
        let add = Ask::new("POST", "/v1/me/methods")
            .bearer(&bearer)
            .body(json!({ "kind": "mobilePhone", "destination": number }));
        let answer = world.ask(add).await;
        assert_eq!(
            (answer.status, answer.body["errors"][0]["code"].as_str()),
            (400, Some(code)),
            "{number}"
        );
    }
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);

    // A country that is listed no more: nothing is sent, and nothing proved.
    let (first, second) =
        (world.start_reset("ann@example.com").await, world.start_reset("ann@example.com").await);
    world.prove(&first, "mobilePhone", NUMBER).await;
    world.pass(Span::minutes(1));
    world.ask_sms(&second, NUMBER).await.expect(202);
    world.save_policy(&admin, |policy| policy["smsCountries"] = json!(["TW"])).await.expect(200);
    assert_eq!(reason(&world, &second).await, "countryNotAllowed");
    assert_eq!(
        world.set_password(&first, "a new and longer password").await.code(),
        "proofMissing"
    );
    // No country at all: phones are as good as not allowed, to everybody.
    world.save_policy(&admin, |policy| policy["smsCountries"] = json!([])).await.expect(200);
    for user in ["ann@example.com", "nobody@example.com"] {
        let started = world.ask_reset(user).await.expect(201);
        assert_eq!(started.body["kinds"], json!(["email"]));
    }
}

/// Everything in the outbox to `send-code` at once, again and again until
/// nothing is left to do.
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

/// Twenty accounts with a phone each, or with one for all.
async fn twenty(one_number: bool) -> (Arc<World>, Vec<(String, String)>) {
    let world = World::new().await;
    let session = world.session(&world.administrator().await).await;
    world.switch_on_phones(&session, 1).await;
    unasked(&world, &session).await;
    let mut people = Vec::new();
    for n in 0..20 {
        let user_id = format!("user{n}@example.com");
        let number = if one_number { NUMBER.to_owned() } else { format!("+614915701{n:02}") };
        let session = admin(&world).await;
        let user = world.user(&session, json!({ "userId": user_id, "name": "Somebody" })).await;
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

/// 500 sends at once, 25 for each account, in resets of their own.
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
async fn a53_of_500_parallel_sends_exactly_the_days_budget_is_published_and_then_none_to_anybody() {
    let (world, people) = twenty(false).await;
    let session = admin(&world).await;
    world
        .save_policy(&session, |policy| policy["limits"]["smsPerDay"] = json!(10))
        .await
        .expect(200);
    five_hundred(&world, &people).await;
    deliver_at_once(&world).await;
    assert_eq!(world.standins.inbox().all().len(), 10);

    // Unavailable to everybody alike, until the UTC day ends.
    let mut faces = Vec::new();
    for user in [people[0].0.as_str(), "nobody@example.com"] {
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
    assert!(faces.iter().all(|(told, left)| told == left), "{faces:?}");
    // A policy that allows one more opens it for one more.
    world
        .save_policy(&session, |policy| policy["limits"]["smsPerDay"] = json!(11))
        .await
        .expect(200);
    // By then the accounts' own hour is over.
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
    // The window slides to its last moment, and opens as its sends leave it.
    for (passed, expected) in [(Span(Span::hours(1).0 - 1), 5), (Span(1), 10)] {
        world.pass(passed);
        for (user_id, number) in &people {
            let reset = world.start_reset(user_id).await;
            // An account may have used its own hour up, to the same moment.
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
async fn a_countrys_day_that_is_spent_is_told_by_support_code_only() {
    let (world, admin, _) = ready().await;
    // One was spent by registering.
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
    // Notices are always sent, and counted.
    world.set_password(&first, "a new and longer password").await.expect(204);
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
async fn a_budget_of_nothing_makes_sms_unavailable_at_once() {
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
    // Spent between the request and the send: dropped.
    world.save_policy(&admin, |policy| policy["limits"]["smsPerDay"] = json!(9)).await.expect(200);
    let reset = world.start_reset("ann@example.com").await;
    world.ask_sms(&reset, NUMBER).await.expect(202);
    world.save_policy(&admin, |policy| policy["limits"]["smsPerDay"] = json!(1)).await.expect(200);
    assert_eq!(reason(&world, &reset).await, "smsBudget");
}
