//! The help desk and administrators help a user: who may do so and what it changes. An
//! administrator who is disabled during a request changes nothing.

use crate::accounts::users::{create, delete, patch, tag, world};
use crate::house::tour::other;
use domain::time::Span;
use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Person, World};

pub const ADDRESS: &str = "ann.private@example.com";

pub fn of_ann(bearer: &str, method: &'static str, path: &str) -> Ask {
    Ask::new(method, format!("/v1/users/ann@example.com{path}")).bearer(bearer)
}

pub fn ann() -> Person {
    Person {
        user_id: "ann@example.com".into(),
        password: "a long ptarmigan of ann@example.com".into(),
    }
}

/// Creates a test environment with a registered user, an administrator and the help desk.
pub async fn staffed() -> (Arc<World>, String, String) {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let helper = json!({ "userId": "desk@example.com", "name": "Desk", "role": "helpDesk" });
    world
        .save_policy(&admin, |policy| policy["registration"]["required"] = json!(false))
        .await
        .expect(200);
    let helper = world.user(&admin, helper).await;
    let desk = world.session(&helper).await;
    world
        .save_policy(&admin, |policy| policy["registration"]["required"] = json!(true))
        .await
        .expect(200);
    (Arc::new(world), admin, desk)
}

/// Returns the audit entry of this audit event, and asserts that there is exactly one.
pub async fn audit_entry(world: &World, event: &str) -> Value {
    let rows: Vec<Value> =
        world.items().await.into_iter().filter(|item| item["event"]["S"] == event).collect();
    assert_eq!(rows.len(), 1, "{event}: {rows:?}");
    rows[0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_reads_and_unlocks_users_and_may_do_nothing_else() {
    let (world, admin, desk) = staffed().await;
    for (user_id, role) in [("bob", "user"), ("other.desk", "helpDesk"), ("boss", "administrator")]
    {
        world
            .ask(create(&admin, json!({ "userId": user_id, "name": "Sample User", "role": role })))
            .await
            .expect(201);
    }
    #[rustfmt::skip]
    let table = [
        // Method, path below an account, status for a user's account, status for the
        // accounts of other roles.
        ("GET", "", 200, 403), ("GET", "/methods", 200, 403), ("GET", "/can-reset", 200, 403), ("POST", "/unlock", 204, 403), ("POST", "/require-registration", 204, 403),
        ("POST", "/temporary-password", 403, 403), ("DELETE", "/methods/email", 403, 403), ("PATCH", "", 403, 403), ("DELETE", "", 403, 403),
    ];
    for (method, path, on_user, on_others) in table {
        for (user_id, status) in [
            ("bob", on_user),
            ("other.desk", on_others),
            ("boss", on_others),
            ("admin@example.com", on_others),
            ("desk@example.com", on_others),
        ] {
            let ask = Ask::new(method, format!("/v1/users/{user_id}{path}"))
                .bearer(&desk)
                .header("if-match", "\"1\"");
            let ask = if method == "PATCH" { ask.body(json!({ "name": "Eve" })) } else { ask };
            let answer = world.ask(ask).await;
            assert_eq!(answer.status, status, "{method} {path} of {user_id}: {answer:?}");
            assert!(status != 403 || answer.code() == "forbidden", "{answer:?}");
        }
        let unknown = Ask::new(method, format!("/v1/users/unknown{path}"))
            .bearer(&desk)
            .header("if-match", "\"1\"");
        let unknown =
            if method == "PATCH" { unknown.body(json!({ "name": "Eve" })) } else { unknown };
        assert_eq!(
            world.ask(unknown).await.status,
            if on_user == 403 { 403 } else { 404 },
            "{method} {path}"
        );
    }
    let listed = world.ask(Ask::new("GET", "/v1/users").bearer(&desk)).await.expect(200);
    let roles: Vec<&Value> =
        listed.body["items"].as_array().unwrap().iter().map(|item| &item["role"]).collect();
    assert_eq!(roles, ["user", "user"], "only users are listed, no other role");
    let groups = world.ask(Ask::new("GET", "/v1/groups").bearer(&desk)).await.expect(200);
    assert_eq!(groups.body["items"], json!(["staff"]));
    for ask in [
        create(&desk, json!({ "userId": "eve", "name": "Eve" })),
        Ask::new("GET", "/v1/policy").bearer(&desk),
        Ask::new("GET", "/v1/policy/history").bearer(&desk),
    ] {
        assert_eq!(world.ask(ask).await.expect(403).code(), "forbidden");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn helping_needs_a_full_session_of_the_role() {
    let (world, admin, _) = staffed().await;
    let made = world
        .ask(create(&admin, json!({ "userId": "new.desk", "name": "Desk", "role": "helpDesk" })))
        .await
        .expect(201);
    let limited =
        world.sign_in("new.desk", &made.text("temporaryPassword")).await.expect(200).text("bearer");
    let ann = world.session(&ann()).await;
    for (bearer, code) in [(&limited, "stepRequired"), (&ann, "forbidden")] {
        #[rustfmt::skip]
        let asks = [
            of_ann(bearer, "GET", ""), of_ann(bearer, "GET", "/methods"), of_ann(bearer, "GET", "/can-reset"), of_ann(bearer, "POST", "/unlock"),
            of_ann(bearer, "POST", "/require-registration"), Ask::new("GET", "/v1/users").bearer(bearer), Ask::new("GET", "/v1/groups").bearer(bearer),
            Ask::new("GET", "/v1/users/unknown").bearer(bearer),
        ];
        for ask in asks {
            let path = ask.path.clone();
            assert_eq!(world.ask(ask).await.expect(403).code(), code, "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_who_is_disabled_before_the_write_changes_nothing() {
    let policy = serde_json::to_value(domain::policy::Policy::default()).expect("JSON");
    #[rustfmt::skip]
    let acts = [
        Ask::new("POST", "/v1/users").body(json!({ "userId": "eve", "name": "Eve", "role": "administrator" })),
        Ask::new("POST", "/v1/users").body(json!({ "userId": "eve", "name": "Eve", "groups": ["a group of eve"] })),
        Ask::new("PATCH", "/v1/users/ann@example.com").body(json!({ "role": "administrator" })),
        Ask::new("DELETE", "/v1/users/ann@example.com"),
        Ask::new("POST", "/v1/users/ann@example.com/temporary-password"),
        Ask::new("POST", "/v1/users/ann@example.com/unlock"),
        Ask::new("POST", "/v1/users/ann@example.com/require-registration"),
        Ask::new("DELETE", "/v1/users/ann@example.com/methods/email"),
        Ask::new("PUT", "/v1/policy").header("if-match", "\"2\"").body(policy),
        // An action on the administrator's own account.
        Ask::new("POST", "/v1/users/boss/unlock"),
    ];
    for act in acts {
        let world = World::new().await;
        let (admin, _) = world.ready().await;
        let boss = world
            .user(&admin, json!({ "userId": "boss", "name": "Boss", "role": "administrator" }))
            .await;
        let session = world.register(&boss, "boss@example.com").await;
        world.save_policy(&admin, |policy| policy["auditDays"] = json!(31)).await.expect(200);
        let seen = tag(&world, &admin, "ann@example.com").await;
        let what = format!("{} {}", act.method, act.path);
        let act = if what.contains("/users/ann") { act.header("if-match", seen) } else { act };
        let world = Arc::new(world);

        let gate = world.proxy.hold(|operation, body| {
            operation == "TransactWriteItems" && body.to_string().contains("the-act")
        });
        let acting = {
            let (world, act) = (world.clone(), act.bearer(&session).id("the-act"));
            tokio::spawn(async move { world.ask(act).await })
        };
        gate.arrived(1).await;
        patch(&world, &admin, "boss", json!({ "enabled": false })).await.expect(200);
        let before = world.items().await;
        gate.open();
        let answer = acting.await.expect("no panic");
        assert_eq!((answer.status, answer.code()), (401, "signInRequired"), "{what}");
        assert_eq!(world.items().await, before, "{what}: nothing was written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unlocking_ends_the_lockout_and_both_counts_of_failed_guesses() {
    let (world, _, desk) = staffed().await;
    let ann = ann();
    let session = world.session(&ann).await;
    // Ten failed guesses at a registration, and ten at resets.
    for round in 0..2 {
        let add = json!({ "kind": "email", "destination": "ann.other@example.com" });
        let sent = world
            .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add))
            .await
            .expect(202);
        let code = world.code_for("ann.other@example.com").await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = world.send_code(&reset).await;
        let reset_code = world.code_for(ADDRESS).await;
        for _ in 0..5 {
            world.verify(&session, &sent.text("challengeId"), &other(&code)).await.expect(422);
            world.verify(&reset.bearer, &challenge, &other(&reset_code)).await.expect(422);
        }
        world.pass(Span::minutes(2));
        assert_eq!(
            world.ask_first_code(&ann.user_id).await.status,
            if round == 0 { 202 } else { 429 }
        );
    }
    for n in 0..10 {
        world.sign_in(&ann.user_id, &format!("a wrong password {n}")).await.expect(401);
    }
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInLocked");
    assert_eq!(
        world
            .ask(Ask::new("POST", "/v1/me/methods/email/challenges").bearer(&session))
            .await
            .code(),
        "tooSoon"
    );

    world.ask(of_ann(&desk, "POST", "/unlock")).await.expect(204);
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world
        .ask(Ask::new("POST", "/v1/me/methods/email/challenges").bearer(&session))
        .await
        .expect(202);
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, "email", ADDRESS).await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    let entry = audit_entry(&world, "userUnlocked").await;
    assert!(entry["actor"]["S"] != entry["uid"]["S"] && entry["actor"]["S"].is_string());
    // Unlocking an account that is not locked succeeds.
    world.ask(of_ann(&desk, "POST", "/unlock")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn unlocking_does_not_refill_the_guesses_of_a_code() {
    let (world, _, desk) = staffed().await;
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(ADDRESS).await;
    for _ in 0..4 {
        world.verify(&reset.bearer, &challenge, &other(&code)).await.expect(422);
    }
    world.ask(of_ann(&desk, "POST", "/unlock")).await.expect(204);
    world.verify(&reset.bearer, &challenge, &other(&code)).await.expect(422);
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &code).await.expect(422).code(),
        "codeNotAccepted",
        "the sixth guess"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn can_reset_gives_the_reason_in_both_languages() {
    let (world, admin, desk) = staffed().await;
    let expect = async |reason: &str, until: Option<String>| {
        let mut details = Vec::new();
        for language in ["en", "zh-TW"] {
            let answer = world
                .ask(of_ann(&desk, "GET", "/can-reset").header("accept-language", language))
                .await
                .expect(200);
            assert_eq!(answer.headers["content-language"], language);
            assert_eq!(answer.body["reason"], reason);
            assert_eq!(answer.body["canReset"], reason == "none");
            assert_eq!(answer.body.get("until").and_then(Value::as_str).map(str::to_owned), until);
            details.push(answer.text("detail"));
        }
        assert!(details[0].is_ascii() && !details[1].is_ascii(), "{details:?}");
    };
    expect("none", None).await;
    world
        .save_policy(&admin, |policy| {
            policy["scope"] = json!({ "type": "selected", "groups": ["board"] })
        })
        .await
        .expect(200);
    expect("outOfScope", None).await;
    world
        .save_policy(&admin, |policy| {
            policy["scope"] = json!({ "type": "selected", "groups": ["staff"] })
        })
        .await
        .expect(200);
    expect("none", None).await;
    patch(&world, &admin, "ann@example.com", json!({ "enabled": false })).await.expect(200);
    expect("disabled", None).await;
    world
        .save_policy(&admin, |policy| policy["scope"] = json!({ "type": "none" }))
        .await
        .expect(200);
    expect("resetOff", None).await;
    world.switch_on(&admin).await;
    patch(&world, &admin, "ann@example.com", json!({ "enabled": true })).await.expect(200);
    world
        .save_policy(&admin, |policy| policy["limits"]["failedGuesses"] = json!(3))
        .await
        .expect(200);
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(ADDRESS).await;
    for _ in 0..3 {
        world.verify(&reset.bearer, &challenge, &other(&code)).await.expect(422);
    }
    expect("resetClosed", Some((world.now() + Span::hours(24)).to_string())).await;
    patch(&world, &admin, "ann@example.com", json!({ "role": "administrator" })).await.expect(200);
    assert_eq!(
        world.ask(of_ann(&admin, "GET", "/can-reset")).await.body["reason"],
        "notEnoughMethods"
    );
    patch(&world, &admin, "ann@example.com", json!({ "role": "user" })).await.expect(200);
    world.ask(of_ann(&desk, "POST", "/unlock")).await.expect(204);
    expect("none", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_can_help_themselves_and_a_deleted_account_is_not_found() {
    let (world, admin) = world().await;
    let own = |method, path: &str| {
        Ask::new(method, format!("/v1/users/admin@example.com{path}")).bearer(&admin)
    };
    world.ask(own("POST", "/unlock")).await.expect(204);
    world.ask(own("POST", "/require-registration")).await.expect(204);
    let temporary =
        world.ask(own("POST", "/temporary-password")).await.expect(200).text("temporaryPassword");
    assert_eq!(world.ask(own("GET", "")).await.code(), "signInRequired");
    world.sign_in("admin@example.com", &temporary).await.expect(200);
    let (world, admin) = crate::accounts::users::world().await;
    world
        .ask(create(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })))
        .await
        .expect(201);
    delete(&world, &admin, "ann@example.com").await.expect(204);
    for path in ["/unlock", "/require-registration", "/temporary-password"] {
        assert_eq!(world.ask(of_ann(&admin, "POST", path)).await.expect(404).code(), "notFound");
    }
}
