//! Tests the function `directory` with simultaneous requests, look-alike user IDs and
//! deletions of accounts.

use crate::accounts::users::{create, delete, tag, together, view, world};
use domain::time::Span;
use local::inbox::{Channel, Failure};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a32_of_24_simultaneous_creations_of_one_user_id_one_succeeds_and_is_found_once() {
    #[rustfmt::skip]
    let spellings = [
        "zoë@example.com", "ZOË@EXAMPLE.COM", "Zoë@Example.com", "zoe\u{308}@example.com", "ZOE\u{308}@example.com", "ｚｏë@example.com", "ＺＯＥ\u{308}＠ＥＸＡＭＰＬＥ．ＣＯＭ", " zoë@example.com ",
    ];
    for _ in 0..5 {
        let (world, admin) = world().await;
        let answers = together(spellings.iter().cycle().take(24).enumerate().map(|(n, user_id)| {
            let (world, admin) = (world.clone(), admin.clone());
            let user = json!({ "userId": user_id, "name": format!("Zoë Number{n}"), "groups": [format!("group {n}")] });
            async move { world.ask(create(&admin, user)).await }
        }))
        .await;
        let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [&[201][..], &[409; 23]].concat());
        let made = answers.iter().position(|answer| answer.status == 201).expect("one");
        for query in [
            "search=zo%C3%AB".to_owned(),
            format!("search=number{made}"),
            format!("group=group%20{made}"),
        ] {
            let page = world
                .ask(Ask::new("GET", format!("/v1/users?{query}")).bearer(&admin))
                .await
                .expect(200);
            assert_eq!(page.body["items"].as_array().unwrap().len(), 1, "{query}");
        }
        let numbered =
            world.ask(Ask::new("GET", "/v1/users?search=number").bearer(&admin)).await.expect(200);
        assert_eq!(
            numbered.body["items"].as_array().unwrap().len(),
            1,
            "a refused creation left no index row"
        );
        let groups = world.ask(Ask::new("GET", "/v1/groups").bearer(&admin)).await.expect(200);
        assert_eq!(groups.body["items"], json!([format!("group {made}")]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a47_a_look_alike_user_id_never_leads_to_another_account() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    #[rustfmt::skip]
    let table = [
        ("istanbul", "\u{131}stanbul"), ("istanbul", "\u{130}STANBUL"), ("kelvin", "\u{212a}elvin"), ("strasse", "straße"), ("strasse", "STRA\u{1e9e}E"),
        ("angstrom", "\u{212b}ngstrom"), ("file", "\u{fb01}le"), ("paypal", "раураl"), ("mike", "m\u{131}ke"),
    ];
    for (victim, look_alike) in table {
        let address = format!("{victim}.private@example.com");
        if world.ask(view(&admin, victim)).await.status == 404 {
            let person = world.user(&admin, json!({ "userId": victim, "name": victim })).await;
            world.register(&person, &address).await;
        }
        let mails = world.standins.inbox().all().len();
        let password = format!("a long ptarmigan of {victim}");
        assert_eq!(
            world.sign_in(look_alike, &password).await.code(),
            "signInFailed",
            "{look_alike}"
        );
        let reset = world.start_reset(look_alike).await;
        world.send_code(&reset).await;
        world.pump().await;
        assert_eq!(world.standins.inbox().all().len(), mails, "{look_alike}: nothing is sent");
        let encoded: String = look_alike.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for (method, path) in [
            ("GET", ""),
            ("GET", "/methods"),
            ("GET", "/can-reset"),
            ("POST", "/unlock"),
            ("POST", "/temporary-password"),
            ("DELETE", ""),
        ] {
            let ask = Ask::new(method, format!("/v1/users/{encoded}{path}"))
                .bearer(&admin)
                .header("if-match", "\"1\"");
            assert_eq!(world.ask(ask).await.code(), "notFound", "{method} {look_alike}{path}");
        }
        let made =
            world.ask(create(&admin, json!({ "userId": look_alike, "name": "Another" }))).await;
        match made.status {
            201 => {
                assert_ne!(made.body["user"]["userId"], json!(victim));
                delete(&world, &admin, &encoded).await.expect(204);
            }
            _ => assert_eq!(made.body["errors"][0]["code"], "notAUserId", "{look_alike}"),
        }
        assert_eq!(world.ask(view(&admin, victim)).await.body["name"], json!(victim));
        world.sign_in(victim, &password).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_eight_administrators_who_all_remove_each_other_at_once_one_remains() {
    for round in 0..3 {
        let (world, first) = world().await;
        let mut sessions = vec![("admin@example.com".to_owned(), first.clone())];
        for n in 1..8 {
            let boss =
                json!({ "userId": format!("boss{n}"), "name": "Boss", "role": "administrator" });
            let boss = world.user(&first, boss).await;
            let session = world.session(&boss).await;
            sessions.push((boss.user_id, session));
        }
        let mut tags = Vec::new();
        for (user_id, _) in &sessions {
            tags.push(tag(&world, &first, user_id).await);
        }
        let mut asks = Vec::new();
        for (i, (_, session)) in sessions.iter().enumerate() {
            for (j, (target, _)) in sessions.iter().enumerate() {
                let (method, body) = match (i + j + round) % 3 {
                    0 => ("PATCH", json!({ "role": "user" })),
                    1 => ("PATCH", json!({ "enabled": false })),
                    _ => ("DELETE", json!({})),
                };
                asks.push(
                    Ask::new(method, format!("/v1/users/{target}"))
                        .bearer(session)
                        .header("if-match", &tags[j])
                        .body(body),
                );
            }
        }
        let answers = together(asks.into_iter().map(|ask| {
            let world = world.clone();
            async move { world.ask(ask).await }
        }))
        .await;
        let done = answers.iter().filter(|answer| answer.status < 300).count();
        assert_eq!(
            done,
            7,
            "{:?}",
            answers.iter().map(|a| (a.status, a.code().to_owned())).collect::<Vec<_>>()
        );
        let mut remaining = 0;
        for (_, session) in &sessions {
            remaining += usize::from(
                world.ask(Ask::new("GET", "/v1/users").bearer(session)).await.status == 200,
            );
        }
        assert_eq!(remaining, 1);
        let admins = world
            .items()
            .await
            .into_iter()
            .find(|item| item["pk"]["S"] == "ADMINS")
            .expect("the set");
        assert_eq!(admins["members"]["SS"].as_array().unwrap().len(), 1);
    }
}

/// Personal data of the user that `full_account` creates.
const PERSONAL: [&str; 6] = [
    "ann@example.com",
    "Annabella",
    "annabella",
    "quist",
    "ann.b@example.com",
    "ann.private@example.com",
];

async fn personal(world: &World) -> Vec<String> {
    let text: Vec<String> = world.items().await.iter().map(Value::to_string).collect();
    text.into_iter().filter(|item| PERSONAL.iter().any(|word| item.contains(word))).collect()
}

/// Creates a user with a method, a pending address, a reset with a queued code, and a
/// wrong password. Returns the test environment and an administrator's bearer token.
async fn full_account() -> (Arc<World>, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let user = json!({ "userId": "ann@example.com", "name": "Annabella Quist", "groups": ["staff"], "language": "en" });
    let ann = world.user(&admin, user).await;
    let session = world.register(&ann, "ann.private@example.com").await;
    let add = json!({ "kind": "email", "destination": "ann.b@example.com" });
    world.pass(Span::minutes(1));
    world.ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add)).await.expect(202);
    let reset = world.start_reset("ann@example.com").await;
    world.send_code(&reset).await;
    world.sign_in("ann@example.com", "a wrong password").await.expect(401);
    (Arc::new(world), admin)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_account_leaves_no_personal_data_and_gets_no_message() {
    let (world, admin) = full_account().await;
    // One notice failed permanently, and one is queued.
    world.pump().await;
    world.standins.fail_next(Channel::Email, Failure::Rejected);
    world
        .ask(Ask::new("POST", "/v1/users/ann@example.com/temporary-password").bearer(&admin))
        .await
        .expect(200);
    world.pump().await;
    world
        .ask(Ask::new("POST", "/v1/users/ann@example.com/temporary-password").bearer(&admin))
        .await
        .expect(200);
    assert!(personal(&world).await.len() >= 6, "personal data is there before");
    let uid = |items: &[Value]| {
        items
            .iter()
            .find(|item| {
                item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("ACCT#"))
                    && item["userId"]["S"] == "ann@example.com"
            })
            .map(|item| item["uid"]["S"].clone())
    };
    let uid = uid(&world.items().await).expect("the internal ID");
    let mails = world.standins.inbox().all().len();

    delete(&world, &admin, "ann@example.com").await.expect(204);
    assert_eq!(personal(&world).await, Vec::<String>::new());
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), mails, "a deleted account gets no message");
    let entry = world
        .items()
        .await
        .into_iter()
        .find(|item| item["event"]["S"] == "userDeleted")
        .expect("an audit entry");
    assert_eq!(entry["uid"]["S"], uid, "the audit entry keeps the internal ID");
    let lock = world.items().await.into_iter().any(|item| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("LOCK#"))
            && item["wrong"]["N"] != "0"
    });
    assert!(!lock, "the count of wrong passwords is deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_messages_than_one_transaction_holds_are_erased_before_the_answer() {
    let (world, admin) = full_account().await;
    // Writes outbox rows as a long outage of the channel leaves them.
    let row = world.items().await.into_iter().find(|item| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
            && item["message"].is_object()
    });
    let row = row.expect("a message that was not sent");
    for n in 0..250 {
        let mut copy = row.clone();
        copy["sk"]["S"] = json!(format!("{:013}.notice.-.random{n}", world.now().0));
        copy["message"] = json!({ "M": { "type": { "S": "notice" }, "notice": { "S": "passwordReset" }, "language": { "S": "en" },
            "recipient": { "M": { "email": { "S": "ann.private@example.com" } } } } });
        copy["state"]["S"] = json!("failed");
        world.table("PutItem", json!({ "Item": copy })).await;
    }
    assert!(personal(&world).await.len() > 250);
    world.proxy.take_calls();
    delete(&world, &admin, "ann@example.com").await.expect(204);
    let calls = world.proxy.take_calls();
    let members: Vec<usize> = calls
        .iter()
        .filter_map(|call| Some(call.body["TransactItems"].as_array()?.len()))
        .collect();
    assert!(
        members[0] == 100 && members.len() >= 3 && members.iter().all(|count| *count <= 100),
        "{members:?}"
    );
    assert_eq!(personal(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_erasure_is_finished_by_repeating_the_request() {
    let (world, admin) = full_account().await;
    let row = world.items().await.into_iter().find(|item| {
        item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#"))
            && item["message"].is_object()
    });
    let mut copy = row.expect("a message that was not sent");
    delete(&world, &admin, "ann@example.com").await.expect(204);
    copy["message"] = json!({ "M": { "type": { "S": "notice" }, "notice": { "S": "passwordReset" }, "language": { "S": "en" },
        "recipient": { "M": { "email": { "S": "ann.private@example.com" } } } } });
    world.table("PutItem", json!({ "Item": copy })).await;
    assert_eq!(personal(&world).await.len(), 1);
    let again =
        Ask::new("DELETE", "/v1/users/ann@example.com").bearer(&admin).header("if-match", "\"9\"");
    assert_eq!(world.ask(again).await.expect(404).code(), "notFound");
    assert_eq!(personal(&world).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a32_of_sixteen_simultaneous_creations_in_other_spellings_one_succeeds() {
    let (world, admin) = world().await;
    #[rustfmt::skip]
    let spellings = ["zoë", "ZOË", "Zoë", "zOË", "zoe\u{308}", "Zoe\u{308}", "ZOE\u{308}", "zOE\u{308}", "ｚｏë", "ＺＯË", "ｚｏe\u{308}", "ｚｏｅ\u{308}", " zoë", "zoë ", " ZOË ", "ｚoë"];
    let answers =
        together(
            spellings.map(|user_id| {
                let (world, admin) = (world.clone(), admin.clone());
                async move {
                    world.ask(create(&admin, json!({ "userId": user_id, "name": "Zoë" }))).await
                }
            }),
        )
        .await;
    let mut statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[201][..], &[409; 15]].concat());
    assert!(
        answers
            .iter()
            .filter(|answer| answer.status == 409)
            .all(|answer| answer.code() == "userExists")
    );
    let made = answers.iter().find(|answer| answer.status == 201).unwrap();
    assert_eq!(made.body["user"]["userId"], "zoë");
    for spelling in spellings {
        world.sign_in(spelling, &made.text("temporaryPassword")).await.expect(200);
    }
    // A user ID that only looks the same belongs to another account.
    for other in ["zоë", "zoe", "zoé"] {
        world.ask(create(&admin, json!({ "userId": other, "name": "Another" }))).await.expect(201);
    }
}
