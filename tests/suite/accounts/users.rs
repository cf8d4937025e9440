//! Accounts are created, read, changed, disabled and deleted.

use domain::time::Span;
use serde_json::{Value, json};
use std::future::Future;
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, World};

/// Creates a test environment. Returns it with an administrator's bearer token.
pub async fn world() -> (Arc<World>, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    (Arc::new(world), admin)
}

pub fn create(admin: &str, user: Value) -> Ask {
    Ask::new("POST", "/v1/users").bearer(admin).body(user)
}

pub fn view(admin: &str, user_id: &str) -> Ask {
    Ask::new("GET", format!("/v1/users/{user_id}")).bearer(admin)
}

/// Returns the ETag of an account.
pub async fn tag(world: &World, admin: &str, user_id: &str) -> String {
    world.ask(view(admin, user_id)).await.expect(200).headers["etag"].clone()
}

/// Changes an account, with its current ETag.
pub async fn patch(world: &World, admin: &str, user_id: &str, change: Value) -> Answer {
    let tag = tag(world, admin, user_id).await;
    world
        .ask(
            Ask::new("PATCH", format!("/v1/users/{user_id}"))
                .bearer(admin)
                .header("if-match", tag)
                .body(change),
        )
        .await
}

/// Deletes an account, with its current ETag.
pub async fn delete(world: &World, admin: &str, user_id: &str) -> Answer {
    let tag = tag(world, admin, user_id).await;
    world
        .ask(
            Ask::new("DELETE", format!("/v1/users/{user_id}"))
                .bearer(admin)
                .header("if-match", tag),
        )
        .await
}

/// Runs all requests at once and returns the answers in the order of the requests.
pub async fn together<F: Future<Output = Answer> + Send + 'static>(
    all: impl IntoIterator<Item = F>,
) -> Vec<Answer> {
    let running: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.expect("no panic"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_created_read_changed_and_deleted() {
    let (world, admin) = world().await;
    let ann = json!({ "userId": "Ann@Example.com", "name": " Ann Example ", "language": "zh-TW", "groups": ["staff", "board", "staff"] });
    let made = world.ask(create(&admin, ann)).await.expect(201);
    let expires = (world.now() + Span::days(7)).to_string();
    let user = json!({
        "userId": "ann@example.com", "name": "Ann Example", "language": "zh-TW", "role": "user", "groups": ["board", "staff"], "enabled": true,
        "temporaryPasswordUntil": expires, "registeredAt": null, "createdAt": world.now().to_string(), "revision": 1,
    });
    assert_eq!(made.body["user"], user);
    assert_eq!(made.body["temporaryPasswordExpiresAt"], json!(expires));
    assert_eq!(made.headers["etag"], "\"1\"");

    for spelling in ["ann@example.com", "ANN@example.com", "%EF%BD%81nn%40example.com"] {
        let read = world.ask(view(&admin, spelling)).await.expect(200);
        assert_eq!((&read.body, read.headers["etag"].as_str()), (&user, "\"1\""), "{spelling}");
    }
    let changed =
        patch(&world, &admin, "ann@example.com", json!({ "name": "Ann Other", "groups": [] }))
            .await
            .expect(200);
    let mut expected = user.clone();
    (expected["name"], expected["groups"], expected["revision"]) =
        (json!("Ann Other"), json!([]), json!(2));
    assert_eq!((&changed.body, changed.headers["etag"].as_str()), (&expected, "\"2\""));

    assert_eq!(delete(&world, &admin, "ann@example.com").await.expect(204).body, Value::Null);
    assert_eq!(world.ask(view(&admin, "ann@example.com")).await.expect(404).code(), "notFound");
    let text = world.items().await.iter().map(Value::to_string).collect::<String>();
    assert!(
        !text.contains("Ann Other") && !text.contains("ann@example.com"),
        "personal data is deleted at once"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_account_is_refused_with_every_wrong_field() {
    let (world, admin) = world().await;
    let long = "字".repeat(129);
    let many: Vec<_> = (0..41).map(|i| format!("group {i}")).collect();
    #[rustfmt::skip]
    let table = [
        (json!({ "userId": "", "name": "" }), vec![("/userId", "notAUserId"), ("/name", "notAName")]),
        (json!({ "userId": "ann smith", "name": "Ann" }), vec![("/userId", "notAUserId")]),
        (json!({ "userId": "a".repeat(255), "name": "Ann" }), vec![("/userId", "notAUserId")]),
        (json!({ "userId": "ann\u{212a}", "name": "Ann" }), vec![("/userId", "notAUserId")]),
        (json!({ "userId": "ann", "name": long }), vec![("/name", "notAName")]),
        (json!({ "userId": "ann", "name": "Ann\r\nBcc: eve@example.com" }), vec![("/name", "notAName")]),
        (json!({ "userId": "ann", "name": "Ann", "groups": ["staff", " ", "a\tb"] }), vec![("/groups/1", "notAGroup")]),
        (json!({ "userId": "ann", "name": "Ann", "groups": many }), vec![("/groups", "outOfRange")]),
        (json!({ "userId": "ann", "name": "Ann", "role": "king" }), vec![("/role", "unknownValue")]),
        (json!({ "userId": "ann", "name": "Ann", "language": "zh-CN" }), vec![("/language", "unknownValue")]),
        (json!({ "userId": "ann", "name": "Ann", "groups": "staff" }), vec![("/groups", "wrongType")]),
        (json!({ "userId": "ann", "name": 7 }), vec![("/name", "wrongType")]),
        (json!({ "userId": "ann" }), vec![("/name", "missingField")]),
        // An administrator cannot set the password, internal ID or state of a new account.
        (json!({ "userId": "ann", "name": "Ann", "password": "x" }), vec![("/password", "unknownField")]),
        (json!({ "userId": "ann", "name": "Ann", "generation": 1 }), vec![("/generation", "unknownField")]),
        (json!({ "userId": "ann", "name": "Ann", "uid": "x" }), vec![("/uid", "unknownField")]),
        (json!({ "userId": "ann", "name": "Ann", "enabled": true }), vec![("/enabled", "unknownField")]),
    ];
    for (user, expected) in table {
        let answer = world.ask(create(&admin, user.clone())).await.expect(400);
        let text = |error: &Value, part: &str| error[part].as_str().unwrap().to_owned();
        let found: Vec<_> = answer.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| (text(e, "pointer"), text(e, "code")))
            .collect();
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(pointer, code)| (pointer.to_owned(), code.to_owned()))
            .collect();
        assert_eq!(found, expected, "{user}");
    }
    assert_eq!(world.ask(view(&admin, "ann")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_merged_and_an_invalid_one_changes_nothing() {
    let (world, admin) = world().await;
    let made = create(
        &admin,
        json!({ "userId": "ann", "name": "Ann", "language": "en", "groups": ["staff"] }),
    );
    let before = world.ask(made).await.expect(201).body["user"].clone();
    #[rustfmt::skip]
    let table = [
        (json!({}), json!({})),
        (json!({ "name": "Anne" }), json!({ "name": "Anne" })),
        (json!({ "language": null }), json!({ "language": null })),
        (json!({ "language": "zh-TW" }), json!({ "language": "zh-TW" })),
        (json!({ "groups": ["board", "staff"] }), json!({ "groups": ["board", "staff"] })),
        (json!({ "groups": [] }), json!({ "groups": [] })),
        (json!({ "role": "helpDesk" }), json!({ "role": "helpDesk" })),
        (json!({ "enabled": false, "name": "Ann" }), json!({ "enabled": false, "name": "Ann" })),
        (json!({ "enabled": true }), json!({ "enabled": true })),
    ];
    let mut expected = before;
    for (change, effect) in table {
        let after = patch(&world, &admin, "ann", change.clone()).await.expect(200);
        for (field, value) in effect.as_object().unwrap() {
            expected[field] = value.clone();
        }
        expected["revision"] = json!(expected["revision"].as_u64().unwrap() + 1);
        assert_eq!(after.body, expected, "{change}");
        assert_eq!(after.headers["etag"], format!("\"{}\"", expected["revision"]), "{change}");
    }
    #[rustfmt::skip]
    let refused = [
        (json!({ "colour": "blue" }), "/colour"), (json!({ "userId": "bob" }), "/userId"), (json!({ "revision": 1 }), "/revision"), (json!({ "password": "x" }), "/password"),
        (json!({ "name": null }), "/name"), (json!({ "role": null }), "/role"), (json!({ "groups": null }), "/groups"), (json!({ "enabled": null }), "/enabled"),
        (json!({ "enabled": "false" }), "/enabled"), (json!({ "name": "" }), "/name"), (json!({ "groups": ["staff", ""] }), "/groups/1"), (json!({ "role": "root" }), "/role"),
    ];
    for (change, pointer) in refused {
        let answer = patch(&world, &admin, "ann", change.clone()).await.expect(400);
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{change}");
    }
    assert_eq!(
        world.ask(view(&admin, "ann")).await.body,
        expected,
        "a refused change changes no field"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_needs_the_etag_that_was_read() {
    let (world, admin) = world().await;
    world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    patch(&world, &admin, "ann", json!({ "name": "Anne" })).await.expect(200);
    for method in ["PATCH", "DELETE"] {
        let ask = |user_id: &str| {
            Ask::new(method, format!("/v1/users/{user_id}"))
                .bearer(&admin)
                .body(json!({ "name": "Other" }))
        };
        for (tag, status) in
            [("\"1\"", 412), ("\"3\"", 412), ("2", 412), ("W/\"2\"", 412), ("*", 412)]
        {
            assert_eq!(
                world.ask(ask("ann").header("if-match", tag)).await.expect(status).code(),
                "preconditionFailed",
                "{method} {tag}"
            );
        }
        assert_eq!(
            world.ask(ask("ann")).await.expect(428).code(),
            "preconditionRequired",
            "{method}"
        );
        assert_eq!(
            world.ask(ask("bob").header("if-match", "\"1\"")).await.expect(404).code(),
            "notFound",
            "{method}"
        );
    }
    assert_eq!(world.ask(view(&admin, "ann")).await.body["name"], "Anne");

    let both = ["A", "B"].map(|name| {
        let world = world.clone();
        let ask = Ask::new("PATCH", "/v1/users/ann")
            .bearer(&admin)
            .header("if-match", "\"2\"")
            .body(json!({ "name": name }));
        async move { world.ask(ask).await }
    });
    let mut statuses: Vec<_> =
        together(both).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "of two changes at once, one is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_user_id_created_again_is_another_account() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let session = world.session(&ann).await;
    let (ready, waiting) =
        (world.start_reset("ann@example.com").await, world.start_reset("ann@example.com").await);
    let challenge = world.send_code(&ready).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&ready.bearer, &challenge, &code).await.expect(200);
    world.pass(Span::minutes(1));
    let challenge = world.send_code(&waiting).await;
    let code = world.code_for("ann.private@example.com").await;

    delete(&world, &admin, "ann@example.com").await.expect(204);
    let dead = async |when: &str| {
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.code(),
            "signInRequired",
            "{when}"
        );
        assert_eq!(
            world.sign_in("ann@example.com", &ann.password).await.code(),
            "signInFailed",
            "{when}"
        );
        assert_eq!(
            world.verify(&waiting.bearer, &challenge, &code).await.code(),
            "codeNotAccepted",
            "{when}"
        );
        assert_eq!(
            world.set_password(&ready, "a new and longer ptarmigan").await.code(),
            "resetEnded",
            "{when}"
        );
        assert_eq!(
            world.set_password(&waiting, "a new and longer ptarmigan").await.code(),
            "proofMissing",
            "{when}"
        );
    };
    dead("deleted").await;
    // Created in the same millisecond, so that the time does not distinguish the two accounts.
    let again = world
        .ask(create(&admin, json!({ "userId": "ann@example.com", "name": "Another Ann" })))
        .await
        .expect(201);
    dead("created again").await;
    let session = world
        .sign_in("ann@example.com", &again.text("temporaryPassword"))
        .await
        .expect(200)
        .text("bearer");
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200).body["user"]["name"],
        "Another Ann"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_gets_no_message_and_its_codes_are_refused() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    patch(&world, &admin, "ann@example.com", json!({ "enabled": false })).await.expect(200);
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(world.sign_in("ann@example.com", &ann.password).await.code(), "signInFailed");
    let mails = world.standins.inbox().to("ann.private@example.com").len();
    let later = world.start_reset("ann@example.com").await;
    world.send_code(&later).await;
    world.pump().await;
    assert_eq!(
        world.standins.inbox().to("ann.private@example.com").len(),
        mails,
        "nothing is sent"
    );

    patch(&world, &admin, "ann@example.com", json!({ "enabled": true })).await.expect(200);
    world.sign_in("ann@example.com", &ann.password).await.expect(200);
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &code).await.code(),
        "codeNotAccepted",
        "the code stays refused"
    );
}
