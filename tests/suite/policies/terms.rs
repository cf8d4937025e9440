//! The organisation's banned terms: saved with the policy's version, read by
//! administrators, and applied to the next password that is set.

use crate::session::passwords::{proved, set};
use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, World};

const TERMS: &str = "/v1/policy/terms";

/// Creates a test environment. Returns it with an administrator's bearer token.
async fn world() -> (World, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    (world, admin)
}

async fn read(world: &World, admin: &str) -> Answer {
    world.ask(Ask::new("GET", TERMS).bearer(admin)).await.expect(200)
}

fn put(admin: &str, version: u64, terms: Value) -> Ask {
    Ask::new("PUT", TERMS)
        .bearer(admin)
        .header("if-match", format!("\"{version}\""))
        .body(json!({ "terms": terms }))
}

/// Returns the versions of the policy and of the terms, newest first.
async fn history(world: &World, admin: &str) -> Vec<(u64, u64)> {
    let history = world.ask(Ask::new("GET", "/v1/policy/history").bearer(admin)).await.expect(200);
    let number = |value: &Value| value.as_u64().expect("a number");
    history.body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|saved| (number(&saved["version"]), number(&saved["termsVersion"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_saved_with_the_policys_version_and_kept_by_later_ones() {
    let (world, admin) = world().await;
    let none = read(&world, &admin).await;
    assert_eq!(
        (&none.body, none.headers["etag"].as_str()),
        (&json!({ "version": 0, "terms": [] }), "\"0\"")
    );

    let saved = world
        .ask(put(&admin, 0, json!(["  Zeppelin ", "Cafe\u{301} 0tter", "北部海岸"])))
        .await
        .expect(200);
    assert_eq!(
        saved.body,
        json!({ "version": 1, "terms": ["Zeppelin", "Café 0tter", "北部海岸"] })
    );
    assert_eq!(saved.headers["etag"], "\"1\"");
    assert_eq!(read(&world, &admin).await.body, saved.body);

    // Saving the policy keeps the terms, and saving the terms keeps the policy.
    world
        .save_policy(&admin, |policy| policy["resetLifetimeMinutes"] = json!(20))
        .await
        .expect(200);
    let kept = read(&world, &admin).await;
    assert_eq!((&kept.body["version"], &kept.body["terms"]), (&json!(2), &saved.body["terms"]));
    world.ask(put(&admin, 2, json!(["walrus"]))).await.expect(200);
    let policy = world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
    assert_eq!((&policy.body["version"], &policy.body["termsVersion"]), (&json!(3), &json!(3)));
    assert_eq!(policy.body["policy"]["resetLifetimeMinutes"], 20);
    // Saving an empty list removes the terms.
    assert_eq!(
        world.ask(put(&admin, 3, json!([]))).await.expect(200).body,
        json!({ "version": 4, "terms": [] })
    );
    assert_eq!(read(&world, &admin).await.body, json!({ "version": 4, "terms": [] }));
    assert_eq!(history(&world, &admin).await, [(4, 0), (3, 3), (2, 1), (1, 1)]);

    let items = world.items().await;
    let of_terms = |item: &&Value| {
        item["changed"]["L"][0]["S"] == "terms" && item["event"]["S"] == "policySaved"
    };
    let audited: Vec<_> = items
        .iter()
        .filter(of_terms)
        .map(|item| item["version"]["N"].as_str().expect("a version"))
        .collect();
    assert_eq!(audited.len(), 3, "each save of terms has an audit entry: {audited:?}");
    // The policy item, which every request reads, does not contain the terms.
    let head = items.iter().find(|item| item["pk"]["S"] == "POLICY#0").expect("the head");
    assert!(!head.to_string().contains("walrus"));
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_saved_only_over_the_version_that_was_read() {
    let (world, admin) = world().await;
    world.ask(put(&admin, 0, json!(["zeppelin"]))).await.expect(200);
    let saved = read(&world, &admin).await.body;
    let ask = || Ask::new("PUT", TERMS).bearer(&admin).body(json!({ "terms": ["walrus"] }));
    assert_eq!(world.ask(ask()).await.expect(428).code(), "preconditionRequired");
    for tag in ["\"0\"", "\"2\"", "1", "W/\"1\"", "*"] {
        assert_eq!(
            world.ask(ask().header("if-match", tag)).await.expect(412).code(),
            "preconditionFailed",
            "{tag}"
        );
    }
    assert_eq!(read(&world, &admin).await.body, saved);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_simultaneous_saves_of_policy_and_terms_one_is_refused() {
    let (world, admin) = world().await;
    let world = Arc::new(world);
    let policy =
        world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"]
            .clone();
    for version in 0..6 {
        let save = Ask::new("PUT", "/v1/policy")
            .bearer(&admin)
            .header("if-match", format!("\"{version}\""))
            .body(policy.clone());
        let both = [
            put(
                &admin,
                version,
                json!(["zeppelin", format!("walrus {}", char::from(b'a' + version as u8))]),
            ),
            save,
        ]
        .map(|ask| {
            let world = world.clone();
            tokio::spawn(async move { world.ask(ask).await.status })
        });
        let [terms, policy] = both;
        let mut statuses = [terms.await.unwrap(), policy.await.unwrap()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412]);
    }
    let versions: Vec<_> =
        history(&world, &admin).await.into_iter().map(|(version, _)| version).collect();
    assert_eq!(versions, [6, 5, 4, 3, 2, 1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_list_of_terms_is_refused_with_the_place_of_each_error() {
    let (world, admin) = world().await;
    let many = |count: usize| {
        Value::from(
            (0..count)
                .map(|i| format!("term {}", i + 2000).replace('0', "z").replace('1', "i"))
                .collect::<Vec<_>>(),
        )
    };
    #[rustfmt::skip]
    let table = [
        (json!(["zeppelin", "abc", "walrus", "ZEPPELIN", "seventeen letters"]), json!([["/terms/1", "notATerm"], ["/terms/3", "notATerm"], ["/terms/4", "notATerm"]])),
        (json!(["zepp\u{0}elin"]), json!([["/terms/0", "notATerm"]])),
        (many(1001), json!([["/terms", "outOfRange"]])),
        (json!(["zeppelin", 7]), json!([["/terms/1", "wrongType"]])),
        (json!("zeppelin"), json!([["/terms", "wrongType"]])),
    ];
    for (list, expected) in table {
        let answer = world.ask(put(&admin, 0, list)).await.expect(400);
        let errors = answer.body["errors"].as_array().expect("errors");
        assert_eq!(
            Value::from(
                errors.iter().map(|e| json!([e["pointer"], e["code"]])).collect::<Vec<_>>()
            ),
            expected
        );
    }
    let detail = world
        .ask(put(&admin, 0, json!(["abc"])).header("accept-language", "zh-TW"))
        .await
        .expect(400);
    assert_eq!(detail.body["errors"][0]["detail"], "必須是 4 到 16 個字元的字詞，且不可重複。");
    let range = world.ask(put(&admin, 0, many(1001))).await.expect(400);
    assert_eq!(
        (&range.body["errors"][0]["min"], &range.body["errors"][0]["max"]),
        (&json!(0), &json!(1000))
    );
    assert_eq!(read(&world, &admin).await.body["version"], 0);
    world.ask(put(&admin, 0, many(1000))).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_terms_of_sixteen_chinese_characters_fit() {
    let (world, admin) = world().await;
    let term =
        |i: u32| (0..16).filter_map(|k| char::from_u32(0x4e00 + i * 16 + k)).collect::<String>();
    let list: Vec<String> = (0..1000).map(term).collect();
    let saved = world.ask(put(&admin, 0, json!(list))).await.expect(200);
    assert_eq!(saved.body["terms"], json!(list));
    // Newly started functions read the same list.
    let secret = world.secret.clone();
    let world = world.restarted(secret).await;
    assert_eq!(read(&world, &admin).await.body, saved.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_read_and_save_the_terms() {
    let (world, admin) = world().await;
    world.ask(put(&admin, 0, json!(["zeppelin"]))).await.expect(200);
    let user = world.user(&admin, json!({ "userId": "ann", "name": "Ann" })).await;
    let desk = world
        .user(&admin, json!({ "userId": "desk", "name": "Help Desk", "role": "helpDesk" }))
        .await;
    // An administrator who still has a temporary password.
    let made = Ask::new("POST", "/v1/users")
        .bearer(&admin)
        .body(json!({ "userId": "bob", "name": "Bob", "role": "administrator" }));
    let temporary = world.ask(made).await.expect(201).text("temporaryPassword");
    let limited = world.sign_in("bob", &temporary).await.expect(200).text("bearer");
    #[rustfmt::skip]
    let table = [
        (world.session(&user).await, 403, "forbidden"), (world.session(&desk).await, 403, "forbidden"), (limited, 403, "stepRequired"),
        ("lks_unknown".to_owned(), 401, "signInRequired"),
    ];
    for (session, status, code) in table {
        for ask in [Ask::new("GET", TERMS).bearer(&session), put(&session, 1, json!(["walrus"]))] {
            let answer = world.ask(ask).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{answer:?}");
            assert!(!answer.body.to_string().contains("zeppelin"));
        }
    }
    assert_eq!(read(&world, &admin).await.body, json!({ "version": 1, "terms": ["zeppelin"] }));
}

/// Saves these terms over the current version.
async fn save(world: &World, admin: &str, terms: Value) {
    let version = read(world, admin).await.body["version"].as_u64().expect("a version");
    world.ask(put(admin, version, terms)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn new_terms_apply_at_once_to_a_reset_under_way() {
    const NEW: &str = "Quimtazzvek-brolfnid!";
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = proved(&world).await;
    save(&world, &admin, json!(["quimtazzvek", "brolfnid"])).await;
    let refused = world.ask(set(&reset, NEW)).await.expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "passwordTerm");
    // Other terms apply to the same reset in the same process.
    save(&world, &admin, json!(["quartz violin"])).await;
    world.ask(set(&reset, NEW)).await.expect(204);
    world.sign_in(&ann.user_id, NEW).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_saved_between_the_check_and_the_write_of_a_password_apply() {
    const NEW: &str = "Quimtazzvek-brolfnid!";
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = proved(&world).await;
    let world = Arc::new(world);
    let gate = world.proxy.hold(|operation, body| {
        operation == "TransactWriteItems" && body.to_string().contains("SET #state = :next")
    });
    let setting = tokio::spawn({
        let (world, ask) = (world.clone(), set(&reset, NEW));
        async move { world.ask(ask).await }
    });
    gate.arrived(1).await;
    save(&world, &admin, json!(["quimtazzvek", "brolfnid"])).await;
    gate.open();
    let refused = setting.await.unwrap().expect(422);
    assert_eq!(refused.body["errors"][0]["code"], "passwordTerm");
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    world.ask(set(&reset, "purple otter sings bass")).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_read_once_per_version_and_lost_terms_refuse_every_password() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let change = |bearer: &str, current: &str, new: &str| {
        Ask::new("PUT", "/v1/me/password")
            .bearer(bearer)
            .body(json!({ "currentPassword": current, "newPassword": new }))
    };
    save(&world, &admin, json!(["quimtazzvek", "brolfnid"])).await;
    let (first, second) = ("purple otter sings bass", "amber violin under glass");
    let session = world.session(&ann).await;
    let reads = |world: &World| {
        world
            .proxy
            .take_calls()
            .iter()
            .filter(|call| call.body.to_string().contains("\"TERMS\""))
            .count()
    };
    reads(&world);
    let session =
        world.ask(change(&session, &ann.password, first)).await.expect(200).text("bearer");
    assert_eq!(reads(&world), 1);
    let session = world.ask(change(&session, first, second)).await.expect(200).text("bearer");
    assert_eq!(reads(&world), 0);

    // If the item of the terms is lost, every new password is refused.
    let secret = world.secret.clone();
    let world = world.restarted(secret).await;
    let items = world.items().await;
    let item = items.iter().find(|item| item["pk"]["S"] == "TERMS").expect("the terms");
    world.table("DeleteItem", json!({ "Key": { "pk": item["pk"], "sk": item["sk"] } })).await;
    assert_eq!(world.ask(change(&session, second, first)).await.expect(503).code(), "unavailable");
    world.sign_in(&ann.user_id, second).await.expect(200);
}
