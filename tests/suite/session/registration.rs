//! Registration and reconfirmation: when they are due, and how long they may be postponed.

use domain::session::{FULL, LIMITED};
use domain::time::{Span, Time};
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Answer, Person, World};

pub const MAIL: &str = "ann.private@example.com";

pub fn step(bearer: &str, name: &str) -> Ask {
    Ask::new("POST", format!("/v1/me/registration/{name}")).bearer(bearer)
}

pub async fn me(world: &World, bearer: &str) -> Answer {
    world.ask(Ask::new("GET", "/v1/me").bearer(bearer)).await
}

/// Creates a test environment in which registration may be postponed for this many
/// days, and a user with their own password who was not asked to register yet. Returns
/// an administrator's bearer token too.
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
async fn registration_may_be_postponed_until_the_policys_days_are_over() {
    for days in [1, 7, 90] {
        let (world, _, ann) = world(days).await;
        let until = (world.now() + Span::days(days.into())).to_string();
        let postpone = async |when: &str| {
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
                "the old bearer is refused"
            );
            let me = me(&world, &later.text("bearer")).await.expect(200);
            assert_eq!((&me.body["next"], &me.body["reach"]), (&Value::Null, &json!("full")));
            assert_eq!(
                world.ask(step(&later.text("bearer"), "postpone")).await.expect(409).code(),
                "nothingDue"
            );
        };
        postpone("at once").await;
        world.pass(Span(Span::days(days.into()).0 - 1));
        postpone("at the last moment").await;
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
            "the reach stays limited"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_days_allow_no_postponement_and_more_than_ninety_are_refused() {
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
async fn the_days_to_postpone_begin_when_the_temporary_password_is_changed() {
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
async fn a_user_who_must_register_another_kind_may_postpone_again() {
    let (world, admin, ann) = world(7).await;
    world.register(&ann, MAIL).await;
    let since = async || {
        let asked = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
        (asked.body["next"].clone(), asked.body["postponeUntil"].clone())
    };
    world.pass(Span::days(30));
    assert_eq!(since().await, (Value::Null, Value::Null));
    let admin = match world.sign_in("admin@example.com", "a ptarmigan for the administrator").await
    {
        // The administrator's own postponement has ended too, so the administrator
        // registers first.
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

/// Creates a registered user whose methods must be reconfirmed after this many days.
/// Returns the time at which registration ended too.
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
async fn methods_must_be_reconfirmed_when_the_policys_days_are_over() {
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
                "the old bearer is refused"
            );
            assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.body["next"], Value::Null);
        }
    }
    let (world, ann, _) = registered(0, 7).await;
    world.pass(Span::days(4_000));
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.body["next"], Value::Null, "never");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconfirmation_may_be_postponed_from_the_day_it_was_due() {
    let (world, ann, since) = registered(180, 7).await;
    let until = since + Span::days(187);
    // The user signs in three days after the reconfirmation was due.
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
