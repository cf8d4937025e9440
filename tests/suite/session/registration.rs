//! Registration: put off, confirmed again, and methods that are changed or
//! taken away.

use domain::challenge::{ChallengeId, Purpose};
use domain::code::Code;
use domain::session::{FULL, LIMITED};
use domain::time::{Span, Time};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, Person, World};

const MAIL: &str = "ann.private@example.com";

fn step(bearer: &str, name: &str) -> Ask {
    Ask::new("POST", format!("/v1/me/registration/{name}")).bearer(bearer)
}

async fn me(world: &World, bearer: &str) -> Answer {
    world.ask(Ask::new("GET", "/v1/me").bearer(bearer)).await
}

/// A world where registration may be put off for so many days, with an account
/// that has a password of its own and was never asked.
async fn world(postpone_days: u32) -> (World, String, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let change = |policy: &mut Value| {
        policy["scope"] = json!({ "type": "all" });
        policy["registration"]["postponeDays"] = json!(postpone_days);
    };
    world.save_policy(&admin, change).await.expect(200);
    (world, admin, ann)
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_is_put_off_until_the_policys_days_are_over() {
    for days in [1, 7, 90] {
        let (world, _, ann) = world(days).await;
        let until = (world.now() + Span::days(days.into())).to_string();
        let put_off = async |when: &str| {
            let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
            assert_eq!(
                (&asked.body["next"], &asked.body["reach"], &asked.body["postponeUntil"]),
                (&json!("register"), &json!("register"), &json!(until)),
                "{when}"
            );
            let bearer = asked.text("bearer");
            assert_eq!(me(&world, &bearer).await.body["postponeUntil"], json!(until), "{when}");
            assert_eq!(
                world.ask(step(&bearer, "reconfirm")).await.expect(409).code(),
                "nothingDue"
            );
            let later = world.ask(step(&bearer, "postpone")).await.expect(200);
            assert_eq!(
                (&later.body["next"], &later.body["reach"], &later.body["postponeUntil"]),
                (&Value::Null, &json!("full"), &Value::Null),
                "{when}"
            );
            assert_eq!(later.text("expiresAt"), (world.now() + FULL).to_string());
            assert_eq!(
                me(&world, &bearer).await.code(),
                "signInRequired",
                "the bearer before is dead"
            );
            let me = me(&world, &later.text("bearer")).await.expect(200);
            assert_eq!((&me.body["next"], &me.body["reach"]), (&Value::Null, &json!("full")));
            assert_eq!(
                world.ask(step(&later.text("bearer"), "postpone")).await.expect(409).code(),
                "nothingDue"
            );
        };
        put_off("at once").await;
        world.pass(Span(Span::days(days.into()).0 - 1));
        put_off("at the last moment").await;
        world.pass(Span(1));
        let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        assert_eq!(
            (&asked.body["next"], &asked.body["postponeUntil"]),
            (&json!("register"), &Value::Null)
        );
        assert_eq!(
            world.ask(step(&asked.text("bearer"), "postpone")).await.expect(409).code(),
            "postponeOver"
        );
        assert_eq!(
            me(&world, &asked.text("bearer")).await.body["reach"],
            "register",
            "and nothing was opened"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_days_ask_at_once_and_more_than_ninety_are_refused() {
    let (world, admin, ann) = world(0).await;
    let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(
        (&asked.body["next"], &asked.body["postponeUntil"]),
        (&json!("register"), &Value::Null)
    );
    assert_eq!(
        world.ask(step(&asked.text("bearer"), "postpone")).await.expect(409).code(),
        "postponeOver"
    );
    for (field, min, max) in [("postponeDays", 0, 90), ("reconfirmDays", 0, 730)] {
        let set = async |days: u32| {
            world.save_policy(&admin, |policy| policy["registration"][field] = json!(days)).await
        };
        let refused = set(max + 1).await.expect(400);
        let error = &refused.body["errors"][0];
        assert_eq!(
            (&error["pointer"], &error["min"], &error["max"]),
            (&json!(format!("/registration/{field}")), &json!(min), &json!(max))
        );
        set(max).await.expect(200);
        set(min).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_begin_when_a_temporary_password_was_changed_too() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let until = (world.now() + Span::days(7)).to_string();
    world.pass(Span::days(3));
    assert_eq!(
        world.sign_in(&ann.user_id, &ann.password).await.expect(200).text("postponeUntil"),
        until
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_finished_and_is_asked_again_may_put_it_off_anew() {
    let (world, admin, ann) = world(7).await;
    world.register(&ann, MAIL).await;
    let since = async || {
        let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        (asked.body["next"].clone(), asked.body["postponeUntil"].clone())
    };
    world.pass(Span::days(30));
    assert_eq!(since().await, (Value::Null, Value::Null));
    let admin = match world.sign_in("admin@example.com", "a password for the administrator").await {
        // The administrator's own days are over: the policy is not what is tested here.
        answer if answer.body["reach"] == "full" => answer.text("bearer"),
        answer => {
            drop(admin);
            world.add_method(&answer.text("bearer"), "email", "ada@example.com").await;
            world.ask(step(&answer.text("bearer"), "finish")).await.expect(200).text("bearer")
        }
    };
    world.switch_on_phones(&admin, 2).await;
    assert_eq!(
        since().await,
        (json!("register"), json!((world.now() + Span::days(7)).to_string()))
    );
}

/// A world with a registered user, whose methods must be confirmed after so
/// many days; and when registration ended.
async fn registered(reconfirm_days: u32, postpone_days: u32) -> (World, Person, Time) {
    let (world, admin, ann) = world(postpone_days).await;
    world
        .save_policy(&admin, |policy| {
            policy["registration"]["reconfirmDays"] = json!(reconfirm_days)
        })
        .await
        .expect(200);
    world.register(&ann, MAIL).await;
    let at = world.now();
    (world, ann, at)
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_are_confirmed_again_when_the_policys_days_are_over() {
    for days in [1, 180, 730] {
        let (world, ann, _) = registered(days, 7).await;
        for round in 0..2 {
            world.pass(Span(Span::days(days.into()).0 - 1));
            let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
            assert_eq!(asked.body["next"], Value::Null, "{days} days, round {round}");
            assert_eq!(
                world.ask(step(&asked.text("bearer"), "reconfirm")).await.expect(409).code(),
                "nothingDue"
            );
            world.pass(Span(1));
            let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
            assert_eq!(
                (&asked.body["next"], &asked.body["reach"]),
                (&json!("reconfirm"), &json!("register"))
            );
            assert_eq!(asked.text("expiresAt"), (world.now() + LIMITED).to_string());
            let bearer = asked.text("bearer");
            let confirmed = world.ask(step(&bearer, "reconfirm")).await.expect(200);
            assert_eq!(
                (&confirmed.body["next"], &confirmed.body["reach"]),
                (&Value::Null, &json!("full"))
            );
            assert_eq!(
                me(&world, &bearer).await.code(),
                "signInRequired",
                "the bearer before is dead"
            );
            assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.body["next"], Value::Null);
        }
    }
    let (world, ann, _) = registered(0, 7).await;
    world.pass(Span::days(4_000));
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.body["next"], Value::Null, "never");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconfirmation_is_put_off_from_the_day_it_was_due() {
    let (world, ann, since) = registered(180, 7).await;
    let until = since + Span::days(187);
    // Nobody signs in for three days after it was due.
    world.pass(Span::days(183));
    let sign_in = async || world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    let asked = sign_in().await;
    assert_eq!(
        (&asked.body["next"], &asked.body["postponeUntil"]),
        (&json!("reconfirm"), &json!(until.to_string()))
    );
    let later = world.ask(step(&asked.text("bearer"), "postpone")).await.expect(200);
    assert_eq!((&later.body["next"], &later.body["reach"]), (&Value::Null, &json!("full")));
    world.pass(Span((until - world.now()).0 - 1));
    world.ask(step(&sign_in().await.text("bearer"), "postpone")).await.expect(200);
    world.pass(Span(1));
    let asked = sign_in().await;
    assert_eq!(asked.body["postponeUntil"], Value::Null);
    assert_eq!(
        world.ask(step(&asked.text("bearer"), "postpone")).await.expect(409).code(),
        "postponeOver"
    );
    world.ask(step(&asked.text("bearer"), "reconfirm")).await.expect(200);
    assert_eq!(sign_in().await.body["next"], Value::Null);

    let (world, ann, _) = registered(180, 0).await;
    world.pass(Span::days(180));
    let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(
        world.ask(step(&asked.text("bearer"), "postpone")).await.expect(409).code(),
        "postponeOver"
    );
}

fn remove(bearer: &str, kind: &str) -> Ask {
    Ask::new("DELETE", format!("/v1/me/methods/{kind}")).bearer(bearer)
}

async fn add(world: &World, bearer: &str, kind: &str, address: &str) -> String {
    let body = json!({ "kind": kind, "destination": address });
    world
        .ask(Ask::new("POST", "/v1/me/methods").bearer(bearer).body(body))
        .await
        .expect(202)
        .text("challengeId")
}

async fn methods(world: &World, bearer: &str) -> Answer {
    world.ask(Ask::new("GET", "/v1/me/methods").bearer(bearer)).await.expect(200)
}

const NUMBER: &str = "+61491570156";

/// The code of a registration, however it travels.
fn code_of(world: &World, challenge: &str) -> String {
    let id = ChallengeId::parse(challenge).expect("an id");
    Code::derive(&world.keys.current().codes, &id, Purpose::Registration).reveal().to_owned()
}

/// A world with phones, and somebody with both kinds.
async fn with_both() -> (World, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let bearer = world.register(&ann, MAIL).await;
    let challenge = add(&world, &bearer, "mobilePhone", NUMBER).await;
    world.verify(&bearer, &challenge, &code_of(&world, &challenge)).await.expect(200);
    world.pass(Span::hours(1));
    world.pump().await;
    (world, ann)
}

/// What a change of methods ends, and what it leaves.
async fn ends_the_rest(world: &World, ann: &Person, change: impl AsyncFnOnce(&str)) {
    let (here, there) = (world.session(ann).await, world.session(ann).await);
    let proved = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&proved).await;
    world.verify(&proved.bearer, &challenge, &world.code_for(MAIL).await).await.expect(200);
    world.pass(Span::minutes(1));
    let by_mail = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&by_mail).await;
    let code = world.code_for(MAIL).await;
    change(&here).await;
    me(world, &here).await.expect(200);
    assert_eq!(me(world, &there).await.code(), "signInRequired");
    assert_eq!(world.verify(&by_mail.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(world.set_password(&proved, "a new and longer password").await.code(), "resetEnded");
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_method_is_told_to_every_address_and_ends_the_other_sessions_and_resets() {
    for (kind, left) in [("email", "mobilePhone"), ("mobilePhone", "email")] {
        let (world, ann) = with_both().await;
        ends_the_rest(&world, &ann, async |here| {
            world.ask(remove(here, kind)).await.expect(204);
            assert_eq!(world.ask(remove(here, kind)).await.expect(404).code(), "notFound");
            let methods = methods(&world, here).await;
            assert!(
                methods.body["methods"].get(kind).is_none()
                    && methods.body["methods"].get(left).is_some(),
                "{methods:?}"
            );
        })
        .await;
        let items = world.items().await;
        let told: Vec<String> = items
            .iter()
            .map(Value::to_string)
            .filter(|item| item.contains("methodRemoved") && item.contains("OUTBOX#"))
            .collect();
        assert_eq!(told.len(), 2, "one to each address that was valid before: {told:?}");
        assert!(
            [MAIL, NUMBER].iter().all(|address| told.iter().any(|row| row.contains(address))),
            "{told:?}"
        );
        world.pump().await;
        let told = world.standins.inbox().to(MAIL).pop().expect("a notice");
        assert_eq!(
            told.subject.as_deref(),
            Some("A verification method was removed from your Latchkey account")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_method_ends_the_other_sessions_and_resets_and_its_own_session_goes_on() {
    let (world, ann) = with_both().await;
    ends_the_rest(&world, &ann, async |here| {
        // Its own code for the other kind stays good.
        let phone = add(&world, here, "mobilePhone", "+61491570157").await;
        world.add_method(here, "email", "ann.other@example.com").await;
        world.verify(here, &phone, &code_of(&world, &phone)).await.expect(200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_method_ends_nothing() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let (here, there) = (world.session(&ann).await, world.session(&ann).await);
    world.add_method(&here, "email", MAIL).await;
    for bearer in [&here, &there] {
        me(&world, bearer).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_waits_for_its_code_is_taken_back_with_the_code_and_no_word_to_anybody() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let admin = world.sign_in("admin@example.com", "a password for the administrator").await;
    world.add_method(&admin.text("bearer"), "email", "ada@example.com").await;
    let admin = world.ask(step(&admin.text("bearer"), "finish")).await.expect(200).text("bearer");
    world.switch_on_phones(&admin, 1).await;
    let (here, there) = (world.session(&ann).await, world.session(&ann).await);
    for nothing in ["mobilePhone", "fax", "Email"] {
        assert_eq!(
            world.ask(remove(&here, nothing)).await.expect(404).code(),
            "notFound",
            "{nothing}"
        );
    }
    let challenge = add(&world, &here, "mobilePhone", NUMBER).await;
    world.pump().await;
    let before = world.standins.inbox().all().len();
    world.ask(remove(&here, "mobilePhone")).await.expect(204);
    assert_eq!(
        world.verify(&here, &challenge, &code_of(&world, &challenge)).await.code(),
        "codeNotAccepted"
    );
    assert_eq!(methods(&world, &here).await.body["pending"], json!({}));
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
    // Nothing that was valid is gone: nobody is signed out.
    me(&world, &there).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_signed_out_while_it_changes_a_method_changes_nothing() {
    let world = Arc::new(World::new().await);
    let (_, ann) = world.ready().await;
    let here = world.session(&ann).await;
    let challenge = add(&world, &here, "email", "ann.other@example.com").await;
    let code = world.code_for("ann.other@example.com").await;
    let gate = world.proxy.hold(|_, body| body.to_string().contains("SET #generation"));
    let late = tokio::spawn({
        let (world, here) = (world.clone(), here.clone());
        async move { world.verify(&here, &challenge, &code).await }
    });
    gate.arrived(1).await;
    world.ask(Ask::new("DELETE", "/v1/session").bearer(&here)).await.expect(204);
    gate.open();
    assert_eq!(late.await.expect("an answer").code(), "signInRequired");
    world.proxy.hold(|_, _| false);
    let again = world.session(&ann).await;
    assert_eq!(
        methods(&world, &again).await.body["methods"]["email"]["destination"],
        "a•••@example.com"
    );
    let reset = world.start_reset(&ann.user_id).await;
    world.send_code(&reset).await;
    world.code_for(MAIL).await;
    assert_eq!(
        world.standins.inbox().to("ann.other@example.com").len(),
        1,
        "the code of the registration alone"
    );
}
