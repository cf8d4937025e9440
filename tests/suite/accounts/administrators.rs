//! Administrators: how the first one is created, what only they may do, when they lose
//! that right, and that one always remains.

use crate::accounts::users::{create, delete, patch, tag, together, world};
use crate::house::requests::session_requests;
use domain::time::Span;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Person, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_demoted_or_deleted_administrator_is_refused_on_the_next_request() {
    #[rustfmt::skip]
    let acts: [(&str, Option<Value>); 3] = [("disabled", Some(json!({ "enabled": false }))), ("demoted", Some(json!({ "role": "user" }))), ("deleted", None)];
    for (act, change) in acts {
        let (world, admin) = world().await;
        world.switch_on(&admin).await;
        let boss = world
            .user(&admin, json!({ "userId": "boss", "name": "Boss", "role": "administrator" }))
            .await;
        let session = world.register(&boss, "boss@example.com").await;
        // A code is on its way to a second address, and it is the right one.
        world.pass(Span::minutes(1));
        let add = json!({ "kind": "email", "destination": "boss.new@example.com" });
        let sent = world
            .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add))
            .await
            .expect(202);
        let (challenge, code) =
            (sent.text("challengeId"), world.code_for("boss.new@example.com").await);
        for path in ["/v1/me", "/v1/policy", "/v1/users"] {
            world.ask(Ask::new("GET", path).bearer(&session)).await.expect(200);
        }

        match change {
            Some(change) => drop(patch(&world, &admin, "boss", change).await.expect(200)),
            None => drop(delete(&world, &admin, "boss").await.expect(204)),
        }
        let before = world.items().await.len();
        assert_eq!(
            world.verify(&session, &challenge, &code).await.expect(401).code(),
            "signInRequired",
            "{act}: the right code"
        );
        let ids = [("{userId}", "admin@example.com"), ("{challengeId}", challenge.as_str())];
        for ask in session_requests(&ids) {
            let what = format!("{act}: {} {}", ask.method, ask.path);
            let answer = world.ask(ask.bearer(&session)).await;
            if answer.code() == "codeNotAccepted" {
                assert!(what.ends_with("/verify"), "{what}");
            } else {
                assert_eq!((answer.status, answer.code()), (401, "signInRequired"), "{what}");
            }
        }
        assert_eq!(world.items().await.len(), before, "{act}: nothing was written");
        let again = world.sign_in("boss", &boss.password).await;
        assert_eq!(again.status, if act == "demoted" { 200 } else { 401 }, "{act}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_cannot_be_demoted_disabled_or_deleted() {
    let (world, admin) = world().await;
    let refused = async |what: &str| {
        for change in [
            json!({ "role": "user" }),
            json!({ "role": "helpDesk" }),
            json!({ "enabled": false }),
            json!({ "enabled": false, "role": "user" }),
        ] {
            let answer =
                patch(&world, &admin, "admin@example.com", change.clone()).await.expect(409);
            assert_eq!(answer.code(), "lastAdministrator", "{what}: {change}");
        }
        assert_eq!(
            delete(&world, &admin, "admin@example.com").await.expect(409).code(),
            "lastAdministrator",
            "{what}"
        );
        world.ask(Ask::new("GET", "/v1/me").bearer(&admin)).await.expect(200);
    };
    refused("alone").await;
    world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    refused("with a user").await;
    let second = json!({ "userId": "second", "name": "Second", "role": "administrator" });
    world.ask(create(&admin, second)).await.expect(201);
    patch(&world, &admin, "second", json!({ "enabled": false })).await.expect(200);
    refused("the other one is disabled").await;
    patch(&world, &admin, "second", json!({ "role": "user" })).await.expect(200);
    patch(&world, &admin, "second", json!({ "enabled": true })).await.expect(200);
    refused("the other one was demoted").await;
    patch(&world, &admin, "ann", json!({ "role": "administrator" })).await.expect(200);
    delete(&world, &admin, "ann").await.expect(204);
    refused("the other one is deleted").await;
    patch(&world, &admin, "admin@example.com", json!({ "name": "Still Here" })).await.expect(200);

    patch(&world, &admin, "second", json!({ "role": "administrator" })).await.expect(200);
    patch(&world, &admin, "admin@example.com", json!({ "role": "user" })).await.expect(200);
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/users").bearer(&admin)).await.code(),
        "signInRequired"
    );
}

/// What one administrator does to another.
#[derive(Clone, Copy, Debug)]
enum Act {
    Demote,
    Disable,
    Delete,
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_remove_each_other_at_once_one_remains() {
    for act in [Act::Demote, Act::Disable, Act::Delete] {
        let (world, first) = world().await;
        let boss = world
            .user(&first, json!({ "userId": "boss", "name": "Boss", "role": "administrator" }))
            .await;
        let second = world.session(&boss).await;
        let (tag_of_first, tag_of_second) =
            (tag(&world, &first, "admin@example.com").await, tag(&world, &first, "boss").await);
        let attempt = |n: usize| {
            let world = world.clone();
            // Each acts on the other one and on their own account.
            let actor = if n & 1 == 0 { &first } else { &second };
            let (target, tag) = if n & 2 == 0 {
                ("admin@example.com", &tag_of_first)
            } else {
                ("boss", &tag_of_second)
            };
            let (method, body) = match act {
                Act::Demote => ("PATCH", json!({ "role": "user" })),
                Act::Disable => ("PATCH", json!({ "enabled": false })),
                Act::Delete => ("DELETE", json!({})),
            };
            let ask = Ask::new(method, format!("/v1/users/{target}"))
                .bearer(actor)
                .header("if-match", tag)
                .body(body);
            async move { world.ask(ask).await }
        };
        let answers = together((0..16).map(attempt)).await;
        let done = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(
            done,
            1,
            "{act:?}: {:?}",
            answers.iter().map(|a| (a.status, a.code().to_owned())).collect::<Vec<_>>()
        );
        for answer in answers.iter().filter(|answer| answer.status >= 300) {
            let refusals =
                ["lastAdministrator", "preconditionFailed", "signInRequired", "notFound"];
            assert!(refusals.contains(&answer.code()), "{act:?}: {answer:?}");
        }
        let mut remaining = 0;
        for session in [&first, &second] {
            remaining += usize::from(
                world.ask(Ask::new("GET", "/v1/users").bearer(session)).await.status == 200,
            );
        }
        assert_eq!(remaining, 1, "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_only_administrators_manage_accounts() {
    let (world, admin) = world().await;
    world.switch_on(&admin).await;
    let mut people = Vec::new();
    for role in ["user", "helpDesk"] {
        people.push(
            world
                .user(&admin, json!({ "userId": role, "name": "Sample User", "role": role }))
                .await,
        );
    }
    world
        .save_policy(&admin, |policy| policy["registration"]["required"] = json!(false))
        .await
        .expect(200);
    let sessions = [
        ("a user", world.session(&people[0]).await, 403),
        ("the help desk", world.session(&people[1]).await, 403),
        ("a reset", world.start_reset("user").await.bearer, 401),
        ("no session", String::new(), 401),
    ];
    for (who, bearer, status) in sessions {
        // The help desk may read some accounts: `helpdesk.rs` tests which.
        let reads = [
            "/v1/users",
            "/v1/groups",
            "/v1/users/user",
            "/v1/users/unknown",
            "/v1/users/user/methods",
            "/v1/users/user/can-reset",
        ];
        let reads =
            reads.into_iter().filter(|_| who != "the help desk").map(|path| Ask::new("GET", path));
        for ask in reads.chain([
            Ask::new("POST", "/v1/users")
                .body(json!({ "userId": "eve", "name": "Eve", "role": "administrator" })),
            Ask::new("POST", "/v1/users/user/temporary-password"),
            Ask::new("POST", "/v1/users/unknown/temporary-password"),
            Ask::new("DELETE", "/v1/users/user/methods/email"),
            Ask::new("PATCH", "/v1/users/user")
                .header("if-match", "\"2\"")
                .body(json!({ "role": "administrator" })),
            Ask::new("DELETE", "/v1/users/user").header("if-match", "\"2\""),
        ]) {
            let what = format!("{who}: {} {}", ask.method, ask.path);
            let answer = world.ask(ask.bearer(&bearer)).await;
            assert_eq!(
                (answer.status, answer.code()),
                (status, if status == 403 { "forbidden" } else { "signInRequired" }),
                "{what}"
            );
        }
    }
}

fn first(user_id: &str) -> Value {
    json!({ "createFirstAdministrator": { "userId": user_id, "name": "Ada Admin" } })
}

fn problem(answer: &Value) -> (&str, u64) {
    (
        answer["problem"]["code"].as_str().unwrap_or_default(),
        answer["problem"]["status"].as_u64().unwrap_or_default(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_administrator_is_created_only_once() {
    let world = World::new().await;
    #[rustfmt::skip]
    let refused = [
        json!({}), json!([]), json!("createFirstAdministrator"), json!({ "createFirstAdministrator": {} }), json!({ "createFirstAdministrator": { "userId": "ada" } }),
        json!({ "createFirstAdministrator": { "userId": "ada smith", "name": "Ada" } }), json!({ "createFirstAdministrator": { "userId": "ada", "name": "Ada", "password": "x" } }),
        json!({ "createFirstAdministrator": { "userId": "ada", "name": "Ada" }, "createUser": {} }), json!({ "createAdministrator": { "userId": "ada", "name": "Ada" } }),
    ];
    for payload in refused {
        assert_eq!(
            problem(&world.invoke_directly("directory", payload.clone()).await),
            ("invalidRequest", 400),
            "{payload}"
        );
    }
    let [a, b, c, d] = ["ada0", "ada1", "ada2", "ada3"]
        .map(|user_id| world.invoke_directly("directory", first(user_id)));
    let answers = tokio::join!(a, b, c, d);
    let mut made = Vec::new();
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        match answer["temporaryPassword"].as_str() {
            Some(password) => made.push(Person {
                user_id: answer["userId"].as_str().unwrap().into(),
                password: password.into(),
            }),
            None => assert_eq!(problem(&answer), ("administratorExists", 409)),
        }
    }
    assert_eq!(made.len(), 1, "one of four simultaneous requests creates it");
    assert_eq!(
        world.sign_in(&made[0].user_id, &made[0].password).await.expect(200).body["next"],
        "changePassword"
    );
    // The answer may have been lost: until the temporary password is used, the same
    // user ID can be given another one, which ends the first.
    let again = world.invoke_directly("directory", first(&made[0].user_id)).await;
    let newer = again["temporaryPassword"].as_str().expect("another temporary password");
    assert_eq!(world.sign_in(&made[0].user_id, &made[0].password).await.code(), "signInFailed");
    let session = world.sign_in(&made[0].user_id, newer).await.expect(200).text("bearer");
    let change =
        json!({ "currentPassword": newer, "newPassword": "a ptarmigan of the administrator" });
    world.ask(Ask::new("PUT", "/v1/me/password").bearer(&session).body(change)).await.expect(200);
    for user_id in [made[0].user_id.as_str(), "another"] {
        assert_eq!(
            problem(&world.invoke_directly("directory", first(user_id)).await),
            ("administratorExists", 409),
            "{user_id}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_a_request_through_the_gateway_cannot_create_the_first_administrator() {
    let world = World::new().await;
    let event = |method: &str, path: &str, body: &str, base64: bool, extra: Value| {
        let mut event = json!({
            "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": { "content-type": "application/json" },
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "reset.example.com", "domainPrefix": "reset",
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "tests" },
                "requestId": "r", "routeKey": "$default", "stage": "$default", "time": "23/Nov/2026:09:00:00 +0000", "timeEpoch": 0
            },
            "body": body, "isBase64Encoded": base64
        });
        event.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        event
    };
    let body = first("eve").to_string();
    let encoded = {
        use base64::Engine;
        base64::engine::general_purpose::STANDARD.encode(&body)
    };
    for (path, status) in
        [("/v1/users", 401), ("/", 404), ("/createFirstAdministrator", 404), ("/v1/users/eve", 405)]
    {
        for (body, base64) in [(&body, false), (&encoded, true)] {
            for extra in [json!({}), first("eve")] {
                let answer = world
                    .invoke_directly("directory", event("POST", path, body, base64, extra))
                    .await;
                assert_eq!(answer["statusCode"], status, "{path}: {answer}");
                assert!(answer.get("temporaryPassword").is_none(), "{answer}");
            }
        }
    }
    assert_eq!(world.items().await, Vec::<Value>::new(), "nothing was created");
    world.administrator().await;
}
