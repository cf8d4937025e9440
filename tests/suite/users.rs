//! Accounts: made, changed and deleted by administrators, of whom one always
//! remains.

use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, Person, World};

async fn world() -> (Arc<World>, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    (Arc::new(world), admin)
}

fn create(admin: &str, user: Value) -> Ask {
    Ask::new("POST", "/v1/users").bearer(admin).body(user)
}

fn view(admin: &str, user_id: &str) -> Ask {
    Ask::new("GET", format!("/v1/users/{user_id}")).bearer(admin)
}

async fn tag(world: &World, admin: &str, user_id: &str) -> String {
    world.ask(view(admin, user_id)).await.expect(200).headers["etag"].clone()
}

/// Changes an account as it is now.
async fn patch(world: &World, admin: &str, user_id: &str, change: Value) -> Answer {
    let tag = tag(world, admin, user_id).await;
    world.ask(Ask::new("PATCH", format!("/v1/users/{user_id}")).bearer(admin).header("if-match", tag).body(change)).await
}

async fn delete(world: &World, admin: &str, user_id: &str) -> Answer {
    let tag = tag(world, admin, user_id).await;
    world.ask(Ask::new("DELETE", format!("/v1/users/{user_id}")).bearer(admin).header("if-match", tag)).await
}

/// All at once; the answers in their order.
async fn together<F: Future<Output = Answer> + Send + 'static>(all: impl IntoIterator<Item = F>) -> Vec<Answer> {
    let running: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::new();
    for one in running {
        answers.push(one.await.expect("no panic"));
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_read_changed_and_deleted() {
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
    let changed = patch(&world, &admin, "ann@example.com", json!({ "name": "Ann Other", "groups": [] })).await.expect(200);
    let mut expected = user.clone();
    (expected["name"], expected["groups"], expected["revision"]) = (json!("Ann Other"), json!([]), json!(2));
    assert_eq!((&changed.body, changed.headers["etag"].as_str()), (&expected, "\"2\""));

    assert_eq!(delete(&world, &admin, "ann@example.com").await.expect(204).body, Value::Null);
    assert_eq!(world.ask(view(&admin, "ann@example.com")).await.expect(404).code(), "notFound");
    let text = world.items().await.iter().map(Value::to_string).collect::<String>();
    assert!(!text.contains("Ann Other") && !text.contains("ann@example.com"), "personal data goes at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_account_is_refused_with_every_field_that_is_wrong() {
    let (world, admin) = world().await;
    let long = "字".repeat(129);
    let many: Vec<_> = (0..51).map(|i| format!("group {i}")).collect();
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
        (json!({ "userId": "ann", "name": "Ann", "role": "king" }), vec![("/role", "wrongType")]),
        (json!({ "userId": "ann", "name": "Ann", "language": "zh-CN" }), vec![("/language", "wrongType")]),
        (json!({ "userId": "ann", "name": "Ann", "groups": "staff" }), vec![("/groups", "wrongType")]),
        (json!({ "userId": "ann", "name": 7 }), vec![("/name", "wrongType")]),
        (json!({ "userId": "ann" }), vec![("", "wrongType")]),
        // Nobody chooses a password, an id or a state for somebody else.
        (json!({ "userId": "ann", "name": "Ann", "password": "x" }), vec![("/password", "wrongType")]),
        (json!({ "userId": "ann", "name": "Ann", "generation": 1 }), vec![("/generation", "wrongType")]),
        (json!({ "userId": "ann", "name": "Ann", "uid": "x" }), vec![("/uid", "wrongType")]),
        (json!({ "userId": "ann", "name": "Ann", "enabled": true }), vec![("/enabled", "wrongType")]),
    ];
    for (user, expected) in table {
        let answer = world.ask(create(&admin, user.clone())).await.expect(400);
        let text = |error: &Value, part: &str| error[part].as_str().unwrap().to_owned();
        let found: Vec<_> = answer.body["errors"].as_array().unwrap().iter().map(|e| (text(e, "pointer"), text(e, "code"))).collect();
        let expected: Vec<_> = expected.into_iter().map(|(pointer, code)| (pointer.to_owned(), code.to_owned())).collect();
        assert_eq!(found, expected, "{user}");
    }
    assert_eq!(world.ask(view(&admin, "ann")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_users_are_listed_page_by_page_and_none_is_lost_or_seen_twice() {
    let (world, admin) = world().await;
    let mut all: BTreeSet<String> = ["admin@example.com".to_owned()].into();
    let make = |n: usize| {
        let (world, admin) = (world.clone(), admin.clone());
        async move { world.ask(create(&admin, json!({ "userId": format!("user{n}@example.com"), "name": format!("User {n}") }))).await }
    };
    for answer in together((0..40).map(make)).await {
        all.insert(answer.expect(201).body["user"]["userId"].as_str().unwrap().to_owned());
    }
    assert_eq!(all.len(), 41);
    for limit in [1, 7, 41, 200] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = world.ask(Ask::new("GET", format!("/v1/users?limit={limit}{cursor}")).bearer(&admin)).await.expect(200);
            let items = page.body["items"].as_array().unwrap();
            assert!(items.len() <= limit);
            seen.extend(items.iter().map(|user| user["userId"].as_str().unwrap().to_owned()));
            pages += 1;
            if limit == 7 && pages == 2 {
                // Somebody joins and somebody who was not shown yet leaves.
                make(100).await.expect(201);
                let leaver = all.iter().find(|user| !seen.contains(user)).unwrap().clone();
                delete(&world, &admin, &leaver).await.expect(204);
                all.remove(&leaver);
            }
            let Some(next) = page.body["cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        let once: BTreeSet<String> = seen.iter().cloned().collect();
        assert_eq!(once.len(), seen.len(), "nobody twice, {limit} a page");
        let late = "user100@example.com".to_owned();
        assert!(once.is_superset(&all) && once.difference(&all).all(|extra| *extra == late), "{limit} a page");
    }
    let users = world.ask(Ask::new("GET", "/v1/users?limit=1").bearer(&admin)).await.expect(200);
    let one = users.body["items"][0].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let shown =
        ["createdAt", "enabled", "groups", "language", "name", "registeredAt", "revision", "role", "temporaryPasswordUntil", "userId"];
    assert_eq!(one, shown, "no hash, no address, no id of ours");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patch_is_merged_and_nothing_is_passed_over() {
    let (world, admin) = world().await;
    let made = create(&admin, json!({ "userId": "ann", "name": "Ann", "language": "en", "groups": ["staff"] }));
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
    assert_eq!(world.ask(view(&admin, "ann")).await.body, expected, "refused as a whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_over_what_was_seen() {
    let (world, admin) = world().await;
    world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    patch(&world, &admin, "ann", json!({ "name": "Anne" })).await.expect(200);
    for method in ["PATCH", "DELETE"] {
        let ask = |user_id: &str| Ask::new(method, format!("/v1/users/{user_id}")).bearer(&admin).body(json!({ "name": "Other" }));
        for (tag, status) in [("\"1\"", 412), ("\"3\"", 412), ("2", 412), ("W/\"2\"", 412), ("*", 412)] {
            assert_eq!(world.ask(ask("ann").header("if-match", tag)).await.expect(status).code(), "preconditionFailed", "{method} {tag}");
        }
        assert_eq!(world.ask(ask("ann")).await.expect(428).code(), "preconditionRequired", "{method}");
        assert_eq!(world.ask(ask("bob").header("if-match", "\"1\"")).await.expect(404).code(), "notFound", "{method}");
    }
    assert_eq!(world.ask(view(&admin, "ann")).await.body["name"], "Anne");

    let both = ["A", "B"].map(|name| {
        let world = world.clone();
        let ask = Ask::new("PATCH", "/v1/users/ann").bearer(&admin).header("if-match", "\"2\"").body(json!({ "name": name }));
        async move { world.ask(ask).await }
    });
    let mut statuses: Vec<_> = together(both).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412], "of two at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_must_be_changed_and_ends_after_seven_days() {
    let (world, admin) = world().await;
    let made = world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    let temporary = made.text("temporaryPassword");

    // Every sign-in with it leads to the change, and nowhere else.
    for _ in 0..2 {
        let session = world.sign_in("ann", &temporary).await.expect(200);
        assert_eq!((&session.body["next"], &session.body["reach"]), (&json!("changePassword"), &json!("changePassword")));
        let bearer = session.text("bearer");
        for ask in [Ask::new("GET", "/v1/me/methods"), Ask::new("POST", "/v1/me/registration/finish")] {
            assert_eq!(world.ask(ask.bearer(&bearer)).await.expect(403).code(), "stepRequired");
        }
        assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.expect(200).body["next"], "changePassword");
    }
    world.pass(Span(Span::days(7).0 - 1));
    world.sign_in("ann", &temporary).await.expect(200);
    world.pass(Span(1));
    assert_eq!(world.sign_in("ann", &temporary).await.expect(401).code(), "signInFailed", "and it does not say why");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_temporary_password_is_gone() {
    let (world, admin) = world().await;
    let made = world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    let temporary = made.text("temporaryPassword");
    let first = world.sign_in("ann", &temporary).await.expect(200).text("bearer");
    let other = world.sign_in("ann", &temporary).await.expect(200).text("bearer");
    let change = |current: &str, new: &str| {
        Ask::new("PUT", "/v1/me/password").bearer(&first).body(json!({ "currentPassword": current, "newPassword": new }))
    };

    #[rustfmt::skip]
    let refused = [
        (temporary.as_str(), temporary.as_str(), "passwordRefused"), (temporary.as_str(), "too short", "passwordRefused"), ("wrong", "a long password of ann", "currentPasswordWrong"),
    ];
    for (current, new, code) in refused {
        assert_eq!(world.ask(change(current, new)).await.expect(422).code(), code, "{new}");
    }
    let changed = world.ask(change(&temporary, "a long password of ann")).await.expect(200);
    assert_eq!(changed.body["next"], json!(null));
    for old in [&first, &other] {
        assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(old)).await.expect(401).code(), "signInRequired");
    }
    world.ask(Ask::new("GET", "/v1/me").bearer(&changed.text("bearer"))).await.expect(200);
    assert_eq!(world.sign_in("ann", &temporary).await.code(), "signInFailed");
    world.pass(Span::days(8));
    world.sign_in("ann", "a long password of ann").await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_id_made_anew_is_another_account() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let session = world.session(&ann).await;
    let (ready, waiting) = (world.start_reset("ann@example.com").await, world.start_reset("ann@example.com").await);
    let challenge = world.send_code(&ready).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&ready.bearer, &challenge, &code).await.expect(200);
    world.pass(Span::minutes(1));
    let challenge = world.send_code(&waiting).await;
    let code = world.code_for("ann.private@example.com").await;

    delete(&world, &admin, "ann@example.com").await.expect(204);
    let dead = async |when: &str| {
        assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.code(), "signInRequired", "{when}");
        assert_eq!(world.sign_in("ann@example.com", &ann.password).await.code(), "signInFailed", "{when}");
        assert_eq!(world.verify(&waiting.bearer, &challenge, &code).await.code(), "codeNotAccepted", "{when}");
        assert_eq!(world.set_password(&ready, "a new and longer password").await.code(), "resetEnded", "{when}");
        assert_eq!(world.set_password(&waiting, "a new and longer password").await.code(), "proofMissing", "{when}");
    };
    dead("deleted").await;
    // In the same millisecond, so that no clock tells them apart.
    let again = world.ask(create(&admin, json!({ "userId": "ann@example.com", "name": "Another Ann" }))).await.expect(201);
    dead("made anew").await;
    let session = world.sign_in("ann@example.com", &again.text("temporaryPassword")).await.expect(200).text("bearer");
    assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.expect(200).body["user"]["name"], "Another Ann");
}

/// Every request a session can make, each right in itself.
fn requests(challenge: &str) -> Vec<Ask> {
    let put = |path: &str, body: Value| Ask::new("PUT", path).body(body);
    let post = |path: &str, body: Value| Ask::new("POST", path).body(body);
    vec![
        Ask::new("GET", "/v1/me"),
        Ask::new("GET", "/v1/policy"),
        Ask::new("GET", "/v1/policy/history"),
        put("/v1/policy", serde_json::to_value(domain::policy::Policy::default()).unwrap()).header("if-match", "\"1\""),
        Ask::new("GET", "/v1/users"),
        post("/v1/users", json!({ "userId": "eve", "name": "Eve" })),
        Ask::new("GET", "/v1/users/admin@example.com"),
        Ask::new("PATCH", "/v1/users/admin@example.com").header("if-match", "\"2\"").body(json!({ "name": "Eve" })),
        Ask::new("DELETE", "/v1/users/admin@example.com").header("if-match", "\"2\""),
        Ask::new("GET", "/v1/me/methods"),
        post("/v1/me/methods", json!({ "kind": "email", "destination": "eve@example.com" })),
        Ask::new("POST", "/v1/me/methods/email/challenges"),
        Ask::new("POST", "/v1/me/registration/finish"),
        put("/v1/me/password", json!({ "currentPassword": "a long password of boss", "newPassword": "another long password" })),
        post(&format!("/v1/challenges/{challenge}/verify"), json!({ "code": "00000000" })),
        Ask::new("DELETE", "/v1/session"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn disabling_demoting_and_deleting_act_on_the_next_request_of_every_route() {
    #[rustfmt::skip]
    let acts: [(&str, Option<Value>); 3] = [("disabled", Some(json!({ "enabled": false }))), ("demoted", Some(json!({ "role": "user" }))), ("deleted", None)];
    for (act, change) in acts {
        let (world, admin) = world().await;
        world.switch_on(&admin).await;
        let boss = world.user(&admin, json!({ "userId": "boss", "name": "Boss", "role": "administrator" })).await;
        let session = world.register(&boss, "boss@example.com").await;
        // A code is on its way to a second address, and it is the right one.
        world.pass(Span::minutes(1));
        let add = json!({ "kind": "email", "destination": "boss.new@example.com" });
        let sent = world.ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add)).await.expect(202);
        let (challenge, code) = (sent.text("challengeId"), world.code_for("boss.new@example.com").await);
        for path in ["/v1/me", "/v1/policy", "/v1/users"] {
            world.ask(Ask::new("GET", path).bearer(&session)).await.expect(200);
        }

        match change {
            Some(change) => drop(patch(&world, &admin, "boss", change).await.expect(200)),
            None => drop(delete(&world, &admin, "boss").await.expect(204)),
        }
        let before = world.items().await.len();
        assert_eq!(world.verify(&session, &challenge, &code).await.expect(422).code(), "codeNotAccepted", "{act}: the right code");
        for ask in requests(&challenge) {
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
async fn a_disabled_account_is_asked_nothing_and_told_nothing() {
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
    assert_eq!(world.standins.inbox().to("ann.private@example.com").len(), mails, "nothing is sent");

    patch(&world, &admin, "ann@example.com", json!({ "enabled": true })).await.expect(200);
    world.sign_in("ann@example.com", &ann.password).await.expect(200);
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted", "what died stays dead");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_administrator_stays() {
    let (world, admin) = world().await;
    let refused = async |what: &str| {
        for change in [
            json!({ "role": "user" }),
            json!({ "role": "helpDesk" }),
            json!({ "enabled": false }),
            json!({ "enabled": false, "role": "user" }),
        ] {
            let answer = patch(&world, &admin, "admin@example.com", change.clone()).await.expect(409);
            assert_eq!(answer.code(), "lastAdministrator", "{what}: {change}");
        }
        assert_eq!(delete(&world, &admin, "admin@example.com").await.expect(409).code(), "lastAdministrator", "{what}");
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
    refused("the other one is none any more").await;
    patch(&world, &admin, "ann", json!({ "role": "administrator" })).await.expect(200);
    delete(&world, &admin, "ann").await.expect(204);
    refused("the other one is deleted").await;
    patch(&world, &admin, "admin@example.com", json!({ "name": "Still Here" })).await.expect(200);

    patch(&world, &admin, "second", json!({ "role": "administrator" })).await.expect(200);
    patch(&world, &admin, "admin@example.com", json!({ "role": "user" })).await.expect(200);
    assert_eq!(world.ask(Ask::new("GET", "/v1/users").bearer(&admin)).await.code(), "signInRequired");
}

/// What one administrator does to another.
#[derive(Clone, Copy, Debug)]
enum Act {
    Demote,
    Disable,
    Delete,
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_administrators_who_turn_on_each_other_one_remains() {
    for act in [Act::Demote, Act::Disable, Act::Delete] {
        let (world, first) = world().await;
        let boss = world.user(&first, json!({ "userId": "boss", "name": "Boss", "role": "administrator" })).await;
        let second = world.session(&boss).await;
        let (tag_of_first, tag_of_second) = (tag(&world, &first, "admin@example.com").await, tag(&world, &first, "boss").await);
        let attempt = |n: usize| {
            let world = world.clone();
            // Each on the other one, and on themselves.
            let actor = if n & 1 == 0 { &first } else { &second };
            let (target, tag) = if n & 2 == 0 { ("admin@example.com", &tag_of_first) } else { ("boss", &tag_of_second) };
            let (method, body) = match act {
                Act::Demote => ("PATCH", json!({ "role": "user" })),
                Act::Disable => ("PATCH", json!({ "enabled": false })),
                Act::Delete => ("DELETE", json!({})),
            };
            let ask = Ask::new(method, format!("/v1/users/{target}")).bearer(actor).header("if-match", tag).body(body);
            async move { world.ask(ask).await }
        };
        let answers = together((0..16).map(attempt)).await;
        let done = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(done, 1, "{act:?}: {:?}", answers.iter().map(|a| (a.status, a.code().to_owned())).collect::<Vec<_>>());
        for answer in answers.iter().filter(|answer| answer.status >= 300) {
            let told = ["lastAdministrator", "preconditionFailed", "signInRequired", "notFound"];
            assert!(told.contains(&answer.code()), "{act:?}: {answer:?}");
        }
        let mut remaining = 0;
        for session in [&first, &second] {
            remaining += usize::from(world.ask(Ask::new("GET", "/v1/users").bearer(session)).await.status == 200);
        }
        assert_eq!(remaining, 1, "{act:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_sixteen_look_alike_user_ids_made_at_once_one_is_made() {
    let (world, admin) = world().await;
    #[rustfmt::skip]
    let spellings = ["zoë", "ZOË", "Zoë", "zOË", "zoe\u{308}", "Zoe\u{308}", "ZOE\u{308}", "zOE\u{308}", "ｚｏë", "ＺＯË", "ｚｏe\u{308}", "ｚｏｅ\u{308}", " zoë", "zoë ", " ZOË ", "ｚoë"];
    let answers = together(spellings.map(|user_id| {
        let (world, admin) = (world.clone(), admin.clone());
        async move { world.ask(create(&admin, json!({ "userId": user_id, "name": "Zoë" }))).await }
    }))
    .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 15]].concat());
    assert!(answers.iter().filter(|answer| answer.status == 409).all(|answer| answer.code() == "userExists"));
    let made = answers.iter().find(|answer| answer.status == 201).unwrap();
    assert_eq!(made.body["user"]["userId"], "zoë");
    for spelling in spellings {
        world.sign_in(spelling, &made.text("temporaryPassword")).await.expect(200);
    }
    // What only looks like it is somebody else.
    for other in ["zоë", "zoe", "zoé"] {
        world.ask(create(&admin, json!({ "userId": other, "name": "Another" }))).await.expect(201);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_the_administrators() {
    let (world, admin) = world().await;
    world.switch_on(&admin).await;
    let mut people = Vec::new();
    for role in ["user", "helpDesk"] {
        people.push(world.user(&admin, json!({ "userId": role, "name": "Somebody", "role": role })).await);
    }
    world.save_policy(&admin, |policy| policy["registration"]["required"] = json!(false)).await.expect(200);
    let sessions = [
        ("a user", world.session(&people[0]).await, 403),
        ("the help desk", world.session(&people[1]).await, 403),
        ("a reset", world.start_reset("user").await.bearer, 401),
        ("nobody", String::new(), 401),
    ];
    for (who, bearer, status) in sessions {
        for ask in [
            Ask::new("GET", "/v1/users"),
            Ask::new("POST", "/v1/users").body(json!({ "userId": "eve", "name": "Eve", "role": "administrator" })),
            Ask::new("GET", "/v1/users/user"),
            Ask::new("GET", "/v1/users/nobody"),
            Ask::new("PATCH", "/v1/users/user").header("if-match", "\"2\"").body(json!({ "role": "administrator" })),
            Ask::new("DELETE", "/v1/users/user").header("if-match", "\"2\""),
        ] {
            let what = format!("{who}: {} {}", ask.method, ask.path);
            let answer = world.ask(ask.bearer(&bearer)).await;
            assert_eq!((answer.status, answer.code()), (status, if status == 403 { "forbidden" } else { "signInRequired" }), "{what}");
        }
    }
}

fn first(user_id: &str) -> Value {
    json!({ "createFirstAdministrator": { "userId": user_id, "name": "Ada Admin" } })
}

fn problem(answer: &Value) -> (&str, u64) {
    (answer["problem"]["code"].as_str().unwrap_or_default(), answer["problem"]["status"].as_u64().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_first_administrator() {
    let world = World::new().await;
    #[rustfmt::skip]
    let refused = [
        json!({}), json!([]), json!("createFirstAdministrator"), json!({ "createFirstAdministrator": {} }), json!({ "createFirstAdministrator": { "userId": "ada" } }),
        json!({ "createFirstAdministrator": { "userId": "ada smith", "name": "Ada" } }), json!({ "createFirstAdministrator": { "userId": "ada", "name": "Ada", "password": "x" } }),
        json!({ "createFirstAdministrator": { "userId": "ada", "name": "Ada" }, "createUser": {} }), json!({ "createAdministrator": { "userId": "ada", "name": "Ada" } }),
    ];
    for payload in refused {
        assert_eq!(problem(&world.invoke_directory(payload.clone()).await), ("invalidRequest", 400), "{payload}");
    }
    let [a, b, c, d] = ["ada0", "ada1", "ada2", "ada3"].map(|user_id| world.invoke_directory(first(user_id)));
    let answers = tokio::join!(a, b, c, d);
    let mut made = Vec::new();
    for answer in [answers.0, answers.1, answers.2, answers.3] {
        match answer["temporaryPassword"].as_str() {
            Some(password) => made.push(Person { user_id: answer["userId"].as_str().unwrap().into(), password: password.into() }),
            None => assert_eq!(problem(&answer), ("administratorExists", 409)),
        }
    }
    assert_eq!(made.len(), 1, "of four at once");
    assert_eq!(world.sign_in(&made[0].user_id, &made[0].password).await.expect(200).body["next"], "changePassword");
    for user_id in [made[0].user_id.as_str(), "another"] {
        assert_eq!(problem(&world.invoke_directory(first(user_id)).await), ("administratorExists", 409), "{user_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateway_cannot_ask_for_an_administrator() {
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
    for (path, status) in [("/v1/users", 401), ("/", 404), ("/createFirstAdministrator", 404), ("/v1/users/eve", 405)] {
        for (body, base64) in [(&body, false), (&encoded, true)] {
            for extra in [json!({}), first("eve")] {
                let answer = world.invoke_directory(event("POST", path, body, base64, extra)).await;
                assert_eq!(answer["statusCode"], status, "{path}: {answer}");
                assert!(answer.get("temporaryPassword").is_none(), "{answer}");
            }
        }
    }
    assert_eq!(world.items().await, Vec::<Value>::new(), "nothing was made");
    world.administrator().await;
}
