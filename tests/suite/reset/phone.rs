//! Resets by phone: the number typed in full, and the allowed countries.

use domain::time::Span;
use serde_json::json;
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};

pub const NUMBER: &str = "+61491570156";

/// Creates a test environment that allows phones in Australia, and a user who
/// registered one. Returns an administrator's bearer token too.
pub async fn ready() -> (World, String, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann =
        world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann Example" })).await;
    world.register_all(&ann, &[("mobilePhone", NUMBER)]).await;
    make_registration_optional(&world, &admin).await;
    world.pass(Span::hours(1));
    let session = self::admin(&world).await;
    (world, session, ann)
}

/// Makes registration optional, so that the administrator's session has all rights of its role.
pub async fn make_registration_optional(world: &World, admin: &str) {
    world
        .save_policy(admin, |policy| policy["registration"]["required"] = json!(false))
        .await
        .expect(200);
}

pub async fn admin(world: &World) -> String {
    world
        .sign_in("admin@example.com", "a ptarmigan for the administrator")
        .await
        .expect(200)
        .text("bearer")
}

/// Returns the reason why the newest message of a reset was not sent.
pub async fn reason(world: &World, reset: &StartedReset) -> String {
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

pub fn sms(world: &World) -> usize {
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
    // The number is typed with spaces, as people write it.
    world.prove_by(&reset, "mobilePhone", "+61 491 570 156", NUMBER).await;
    assert_eq!(world.next_in(&reset).await, "password");
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    world.sign_in(&ann.user_id, "a new and longer ptarmigan").await.expect(200);
    world.pump().await;
    let notice = world.standins.inbox().to(NUMBER).pop().expect("a notice");
    assert_eq!(notice.code, None, "the notice goes to the phone too: {}", notice.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_number_is_answered_like_the_accounts_own_and_gets_no_message() {
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
        before + 1,
        "the account's own number got its code, the other one did not"
    );

    // The policy decides whether the number must be typed, and only the format of the
    // text is checked.
    let unknown = world.start_reset("unknown@example.com").await;
    let table = [
        (json!({ "kind": "mobilePhone" }), 400, "destinationMissing"),
        (
            json!({ "kind": "mobilePhone", "destination": "0491 570 156" }),
            400,
            "countryCodeMissing",
        ),
        (
            json!({ "kind": "mobilePhone", "destination": "ann@example.com" }),
            400,
            "notAPhoneNumber",
        ),
        (json!({ "kind": "mobilePhone", "destination": "" }), 400, "notAPhoneNumber"),
        (
            json!({ "kind": "mobilePhone", "destination": "+61491570156;ext=5" }),
            400,
            "notAPhoneNumber",
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

    // A mail address need not be typed, but if it is, it must match.
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
async fn the_policy_at_the_time_of_the_send_says_which_addresses_must_be_typed() {
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
        for user in ["ann@example.com", "unknown@example.com"] {
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
        ("+61 1900 123 456", "notAPhoneNumber"), ("+1 900 234 5678", "notAPhoneNumber"), ("+1 800 234 5678", "notAPhoneNumber"), ("+44 9012345678", "notAPhoneNumber"),
        ("+886 2 2345 6789", "notAPhoneNumber"), ("+61491570156x5", "notAPhoneNumber"), ("61491570156", "countryCodeMissing"), ("+886 912 345 678", "countryNotAllowed"),
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

    // The country is removed from the policy: no code is sent, and the proof no longer counts.
    let (first, second) =
        (world.start_reset("ann@example.com").await, world.start_reset("ann@example.com").await);
    world.prove(&first, "mobilePhone", NUMBER).await;
    world.pass(Span::minutes(1));
    world.ask_sms(&second, NUMBER).await.expect(202);
    world.save_policy(&admin, |policy| policy["smsCountries"] = json!(["TW"])).await.expect(200);
    assert_eq!(reason(&world, &second).await, "countryNotAllowed");
    assert_eq!(
        world.set_password(&first, "a new and longer ptarmigan").await.code(),
        "proofMissing"
    );
    // Without any country, phones are offered to no account.
    world.save_policy(&admin, |policy| policy["smsCountries"] = json!([])).await.expect(200);
    for user in ["ann@example.com", "unknown@example.com"] {
        let started = world.ask_reset(user).await.expect(201);
        assert_eq!(started.body["kinds"], json!(["email"]));
    }
}
