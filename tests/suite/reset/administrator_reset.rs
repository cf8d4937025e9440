//! An administrator resets their own password: this always requires two kinds of
//! method, and the other administrators receive a notice.

use domain::time::Span;
use serde_json::json;
use tests::world::Ask;
use tests::{Person, World};

/// Creates a test environment that allows phones, and three administrators: Ada without
/// a method, Bo with two kinds, Cy with mail in Traditional Chinese.
async fn ready(notify: bool) -> (World, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    world
        .save_policy(&admin, |policy| policy["notifyAdministrators"] = json!(notify))
        .await
        .expect(200);
    let make = |id: &str, language: &str| json!({ "userId": id, "name": format!("Admin {id}"), "role": "administrator", "language": language });
    let bo = world.user(&admin, make("bo", "en")).await;
    world.register_all(&bo, &[("email", "bo@example.com"), ("mobilePhone", "+61491570156")]).await;
    let cy = world.user(&admin, make("cy", "zh-TW")).await;
    let session = world.session(&cy).await;
    world.add_method(&session, "email", "cy@example.com").await;
    world.pass(Span::minutes(1));
    world.pump().await;
    (world, bo)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_always_proves_two_kinds_and_the_others_get_a_notice() {
    for notify in [true, false] {
        let (world, bo) = ready(notify).await;
        let reset = world.start_reset("bo").await;
        world.prove(&reset, "email", "bo@example.com").await;
        assert_eq!(world.next_in(&reset).await, "method", "one more kind");
        assert_eq!(
            world.set_password(&reset, "a new and longer ptarmigan").await.code(),
            "proofMissing"
        );
        world.prove(&reset, "mobilePhone", "+61491570156").await;
        assert_eq!(world.next_in(&reset).await, "password");
        let before = world.standins.inbox().all().len();
        world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
        world.pump().await;
        world.sign_in(&bo.user_id, "a new and longer ptarmigan").await.expect(200);

        let sent = world.standins.inbox().all().split_off(before);
        let to = |address: &str| sent.iter().filter(|message| message.to == address).count();
        assert_eq!(
            (to("bo@example.com"), to("+61491570156"), to("cy@example.com")),
            (1, 1, usize::from(notify))
        );
        assert_eq!(sent.len(), 2 + usize::from(notify));
        if let Some(message) = sent.iter().find(|message| message.to == "cy@example.com") {
            assert_eq!(message.language, "zh-TW");
            assert!(
                message.text.contains("Admin bo")
                    && message.subject.as_deref().is_some_and(|s| s.contains("系統管理員"))
            );
        }
        assert_eq!(world.dead_letters().await, 0);
        // The notice is removed from the table once it was sent.
        assert!(
            !world.items().await.iter().any(|item| item.to_string().contains("administratorReset"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_other_administrators_get_one_notice_however_often_the_row_is_handled() {
    let (world, _) = ready(true).await;
    let reset = world.start_reset("bo").await;
    world.prove(&reset, "email", "bo@example.com").await;
    world.prove(&reset, "mobilePhone", "+61491570156").await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
    let rows = world.items().await;
    let row = rows
        .iter()
        .find(|item| item["sk"]["S"].as_str().is_some_and(|sk| sk.contains(".administrators.")))
        .expect("a row");
    let keys = json!({ "pk": row["pk"], "sk": row["sk"] });
    let event = json!({ "Records": [{ "eventName": "INSERT", "dynamodb": { "SequenceNumber": "1", "Keys": keys } }] });
    // The write that closes the row fails each time, so the row is handled again from the start.
    world.proxy.set_rule(|operation, body| {
        let closes =
            body.to_string().contains(":reason") && body.to_string().contains(".administrators.");
        (operation == "TransactWriteItems" && closes).then_some(tests::Fault::AccessDenied)
    });
    for _ in 0..3 {
        world.invoke_send_code(&event).await.expect("an answer");
    }
    world.proxy.clear_rule();
    world.pump().await;
    assert_eq!(
        world
            .standins
            .inbox()
            .to("cy@example.com")
            .iter()
            .filter(|message| message.code.is_none())
            .count(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn saving_a_policy_counts_the_accounts_it_cuts_off_and_a_dry_run_saves_nothing() {
    let (world, _) = ready(true).await;
    let admin = world
        .session(&Person { user_id: "bo".into(), password: "a long ptarmigan of bo".into() })
        .await;
    let read = world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
    let mut policy = read.body["policy"].clone();
    policy["methods"] = json!(["email"]);
    let put = |query: &str| {
        Ask::new("PUT", format!("/v1/policy{query}"))
            .bearer(&admin)
            .header("if-match", &read.headers["etag"])
    };
    let dry = put("?dryRun=true").header("accept-language", "zh-TW").body(policy.clone());
    let dry = world.ask(dry).await.expect(200);
    assert_eq!((&dry.body["saved"], &dry.body["version"]), (&json!(false), &read.body["version"]));
    assert_eq!(
        dry.body["cutOff"],
        json!({ "administrators": 1, "users": 0, "complete": true }),
        "Bo could reset before"
    );
    let codes: Vec<&str> = dry.body["warnings"]
        .as_array()
        .expect("warnings")
        .iter()
        .filter_map(|w| w["code"].as_str())
        .collect();
    assert_eq!(codes, ["administratorsCutOff", "oneKindAllowed"]);
    assert!(
        dry.body["warnings"][0]["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("有 1 位系統管理員"))
    );
    assert_eq!(world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.body, read.body);

    let saved = world.ask(put("").body(policy)).await.expect(200);
    assert_eq!(
        (&saved.body["saved"], &saved.body["warnings"][1]["code"]),
        (&json!(true), &json!("oneKindAllowed"))
    );
    for query in ["?dryRun=yes", "?dryRun=true&dryRun=true", "?dry=true"] {
        assert_eq!(
            world.ask(put(query).body(read.body["policy"].clone())).await.code(),
            "invalidRequest",
            "{query}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_reset_has_ended_and_its_code_is_refused() {
    let (world, _) = ready(true).await;
    let reset = world.start_reset("bo").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("bo@example.com").await;
    let other = world.start_reset("bo").await;
    let cancel =
        |id: &str, bearer: &str| Ask::new("DELETE", format!("/v1/resets/{id}")).bearer(bearer);
    assert_eq!(
        world.ask(cancel(&reset.id, &other.bearer)).await.code(),
        "resetEnded",
        "the bearer of another reset"
    );
    world.ask(cancel(&reset.id, &reset.bearer)).await.expect(204);
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(world.ask(cancel(&reset.id, &reset.bearer)).await.code(), "resetEnded");
    assert_eq!(world.ask_code(&reset).await.code(), "resetEnded");
    world
        .ask(Ask::new("GET", format!("/v1/resets/{}", other.id)).bearer(&other.bearer))
        .await
        .expect(200);
    // A queued code is not sent if its reset is cancelled.
    world.pass(Span::minutes(1));
    world.ask_code(&other).await.expect(202);
    let before = world.standins.inbox().all().len();
    world.ask(cancel(&other.id, &other.bearer)).await.expect(204);
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
}
