//! The policy: reading it, saving it with its version, refusals with reasons, and the
//! effect of its scope and limits.

use serde_json::{Value, json};
use std::sync::Arc;
use tests::world::Ask;
use tests::{Answer, World};

/// Creates a test environment. Returns it with an administrator's bearer token.
pub async fn world() -> (World, String) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    (world, admin)
}

pub async fn read(world: &World, admin: &str) -> Answer {
    world.ask(Ask::new("GET", "/v1/policy").bearer(admin)).await.expect(200)
}

/// Returns the version, time and policy of an answer.
fn kept(answer: &Answer) -> [Value; 3] {
    ["version", "savedAt", "policy"].map(|field| answer.body[field].clone())
}

fn put(admin: &str, tag: &str, policy: &Value) -> Ask {
    Ask::new("PUT", "/v1/policy").bearer(admin).header("if-match", tag).body(policy.clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_is_saved_only_over_the_version_that_was_read() {
    let (world, admin) = world().await;
    let first = read(&world, &admin).await;
    assert_eq!(
        (&first.body["version"], &first.body["savedAt"], first.headers["etag"].as_str()),
        (&json!(0), &json!(null), "\"0\"")
    );

    let mut policy = first.body["policy"].clone();
    policy["resetLifetimeMinutes"] = json!(20);
    let saved = world.ask(put(&admin, "\"0\"", &policy)).await.expect(200);
    assert_eq!((&saved.body["version"], saved.headers["etag"].as_str()), (&json!(1), "\"1\""));
    assert_eq!(
        (&saved.body["policy"], &saved.body["savedAt"]),
        (&policy, &json!(world.now().to_string()))
    );
    assert_eq!(kept(&read(&world, &admin).await), kept(&saved));

    #[rustfmt::skip]
    let table = [
        (None, 428, "preconditionRequired"), (Some("\"0\""), 412, "preconditionFailed"), (Some("\"2\""), 412, "preconditionFailed"),
        (Some("1"), 412, "preconditionFailed"), (Some("W/\"1\""), 412, "preconditionFailed"), (Some("*"), 412, "preconditionFailed"),
        (Some("\"1\", \"2\""), 412, "preconditionFailed"), (Some("\"-1\""), 412, "preconditionFailed"), (Some(""), 412, "preconditionFailed"),
    ];
    policy["resetLifetimeMinutes"] = json!(25);
    for (tag, status, code) in table {
        let mut ask = Ask::new("PUT", "/v1/policy").bearer(&admin).body(policy.clone());
        if let Some(tag) = tag {
            ask = ask.header("if-match", tag);
        }
        assert_eq!(world.ask(ask).await.expect(status).code(), code, "{tag:?}");
    }
    assert_eq!(kept(&read(&world, &admin).await), kept(&saved), "no refused policy was saved");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_simultaneous_saves_of_the_policy_one_is_refused() {
    let (world, admin) = world().await;
    let world = Arc::new(world);
    let policy = read(&world, &admin).await.body["policy"].clone();
    for version in 0..4 {
        let both = [6, 7].map(|minutes| {
            let (world, admin, mut policy) = (world.clone(), admin.clone(), policy.clone());
            policy["resetLifetimeMinutes"] = json!(minutes);
            tokio::spawn(
                async move { world.ask(put(&admin, &format!("\"{version}\""), &policy)).await },
            )
        });
        let mut answers = Vec::new();
        for one in both {
            answers.push(one.await.unwrap());
        }
        answers.sort_by_key(|answer| answer.status);
        assert_eq!(answers.iter().map(|a| a.status).collect::<Vec<_>>(), [200, 412]);
        assert_eq!(
            kept(&read(&world, &admin).await),
            kept(&answers[0]),
            "the stored policy is the one that was answered with 200"
        );
    }
    let history = world.ask(Ask::new("GET", "/v1/policy/history").bearer(&admin)).await.expect(200);
    assert_eq!(versions(&history), [4, 3, 2, 1], "each version once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_out_of_range_is_refused_with_its_place_and_range_in_the_callers_language() {
    let (world, admin) = world().await;
    let mut policy = read(&world, &admin).await.body["policy"].clone();
    policy["code"]["digits"] = json!(5);
    policy["limits"]["failedGuesses"] = json!(91);
    policy["organisation"]["accentColour"] = json!("red");
    #[rustfmt::skip]
    let table = [
        (None, "en", "The request is not valid", "Must be from 6 to 8."),
        (Some("en-GB,en;q=0.8"), "en", "The request is not valid", "Must be from 6 to 8."),
        (Some("zh-TW"), "zh-TW", "要求的內容不正確", "必須介於 6 到 8 之間。"),
        (Some("zh-TW,zh;q=0.9,en;q=0.5"), "zh-TW", "要求的內容不正確", "必須介於 6 到 8 之間。"),
        (Some("fr, zh-Hant;q=0.7"), "zh-TW", "要求的內容不正確", "必須介於 6 到 8 之間。"),
        (Some("en;q=0.4, zh-TW ; q=0.9"), "zh-TW", "要求的內容不正確", "必須介於 6 到 8 之間。"),
        (Some("zh-TW; q=0.1, en; q=0.9"), "en", "The request is not valid", "Must be from 6 to 8."),
        (Some("zh;q=0, en"), "en", "The request is not valid", "Must be from 6 to 8."),
        (Some("fr"), "en", "The request is not valid", "Must be from 6 to 8."),
        (Some(";;q=,,,;q=x;q="), "en", "The request is not valid", "Must be from 6 to 8."),
    ];
    for (asked, language, title, detail) in table {
        let mut ask = put(&admin, "\"0\"", &policy);
        if let Some(asked) = asked {
            ask = ask.header("accept-language", asked);
        }
        let answer = world.ask(ask).await.expect(400);
        assert_eq!(
            (answer.code(), answer.text("title").as_str()),
            ("invalidRequest", title),
            "{asked:?}"
        );
        assert_eq!(answer.headers["content-language"], language, "{asked:?}");
        let errors = answer.body["errors"].as_array().unwrap();
        assert_eq!(
            errors[0],
            json!({ "pointer": "/code/digits", "code": "outOfRange", "detail": detail, "min": 6, "max": 8 }),
            "{asked:?}"
        );
        let places: Vec<_> = errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        let all = [
            ("/code/digits", "outOfRange"),
            ("/limits/failedGuesses", "outOfRange"),
            ("/organisation/accentColour", "notAColour"),
        ];
        assert_eq!(places, all, "every error is listed at once");
    }
    assert_eq!(read(&world, &admin).await.body["version"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_policy_is_refused_with_the_place_of_its_error() {
    let (world, admin) = world().await;
    let good = read(&world, &admin).await.body["policy"].clone();
    #[rustfmt::skip]
    let table = [
        ("/code/digits", json!("8"), "/code/digits", "wrongType"), ("/code/digits", json!(-1), "/code/digits", "wrongType"), ("/limits/smsPerDay", json!(1.5), "/limits/smsPerDay", "wrongType"),
        ("/methods", json!(["email", "pigeon"]), "/methods/1", "unknownValue"), ("/confirmDestination", json!("some"), "/confirmDestination", "unknownValue"),
        ("/organisation/language", json!("zh-CN"), "/organisation/language", "unknownValue"), ("/scope/type", json!("everybody"), "/scope/type", "unknownValue"),
        ("/scope", json!({ "type": "selected", "groups": [7] }), "/scope/groups/0", "wrongType"), ("/scope", json!({ "type": "all", "colour": 1 }), "/scope/colour", "unknownField"),
        ("/scope", json!({ "type": "all", "groups": ["staff"] }), "/scope/groups", "unknownField"), ("/scope", json!({ "type": "selected" }), "/scope/groups", "missingField"),
        ("/scope", json!({}), "/scope/type", "missingField"), ("/code", json!({ "lifetimeMinutes": 5, "guesses": 5 }), "/code/digits", "missingField"),
        ("/code", json!({ "digits": 8, "lifetimeMinutes": 5, "guesses": 5, "a/b~`c": 1 }), "/code/a~1b~0`c", "unknownField"),
        // An array of the field values is not accepted in place of the object.
        ("/code", json!([8, 5, 5]), "/code", "wrongType"), ("/registration", json!([true, 7, 180]), "/registration", "wrongType"), ("/scope", json!(["all", null]), "/scope", "wrongType"),
        ("/limits", json!([10, 10, 10, 30, 5, 10, 1000, 1000]), "/limits", "wrongType"), ("/password", json!([15]), "/password", "wrongType"),
        ("/organisation", json!(["Latchkey", "Latchkey", null, "#1f5fbf", "en"]), "/organisation", "wrongType"), ("/organisation", json!(null), "/organisation", "wrongType"),
    ];
    for (place, value, pointer, code) in table {
        let mut policy = good.clone();
        *policy.pointer_mut(place).unwrap() = value.clone();
        let answer = world.ask(put(&admin, "\"0\"", &policy)).await.expect(400);
        let errors = answer.body["errors"].as_array().expect("errors");
        let found: Vec<_> = errors
            .iter()
            .map(|error| (error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap()))
            .collect();
        assert_eq!(found, [(pointer, code)], "{place} = {value}");
    }
    let twice = good.to_string().replacen("\"digits\":8", "\"digits\":8,\"digits\":8", 1);
    let answer = world.ask(put(&admin, "\"0\"", &Value::String(twice))).await.expect(400);
    assert_eq!(
        (&answer.body["errors"][0]["pointer"], &answer.body["errors"][0]["code"]),
        (&json!("/code/digits"), &json!("repeatedField"))
    );
}

pub fn versions(history: &Answer) -> Vec<u64> {
    history.body["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|saved| saved["version"].as_u64().expect("a version"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_decides_who_may_reset_and_who_is_asked_to_register() {
    let (world, admin) = world().await;
    let staff =
        world.user(&admin, json!({ "userId": "ann", "name": "Ann", "groups": ["staff"] })).await;
    let guest =
        world.user(&admin, json!({ "userId": "bob", "name": "Bob", "groups": ["guests"] })).await;
    let selected = json!({ "type": "selected", "groups": ["staff", "board"] });
    #[rustfmt::skip]
    let table = [
        // scope, registration required, status of a start, next step of a staff member,
        // next step of a guest
        (json!({ "type": "none" }), true, 403, json!(null), json!(null)),
        (selected.clone(), true, 201, json!("register"), json!(null)),
        (json!({ "type": "all" }), true, 201, json!("register"), json!("register")),
        (json!({ "type": "all" }), false, 201, json!(null), json!(null)),
        (json!({ "type": "none" }), true, 403, json!(null), json!(null)),
    ];
    for (scope, required, status, next_of_staff, next_of_guest) in table {
        let change = |policy: &mut Value| {
            policy["scope"] = scope.clone();
            policy["registration"]["required"] = json!(required);
        };
        // The administrator's session keeps its rights, so a new scope locks no
        // administrator out.
        world.save_policy(&admin, change).await.expect(200);
        for user_id in ["ann", "bob", "unknown", "a password, typed here"] {
            let answer = world.ask_reset(user_id).await.expect(status);
            if status == 403 {
                assert_eq!(answer.code(), "resetOff", "{scope} {user_id}");
            } else {
                assert_eq!(answer.body["kinds"], json!(["email"]), "{scope} {user_id}");
            }
        }
        for (person, next) in [(&staff, &next_of_staff), (&guest, &next_of_guest)] {
            let answer = world.sign_in(&person.user_id, &person.password).await.expect(200);
            assert_eq!(&answer.body["next"], next, "{scope} {}", person.user_id);
            let reach = if next.is_null() { "full" } else { "register" };
            assert_eq!(answer.body["reach"], reach, "{scope} {}", person.user_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_reset_completes_while_reset_is_off() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);

    world
        .save_policy(&admin, |policy| policy["scope"] = json!({ "type": "none" }))
        .await
        .expect(200);
    assert_eq!(world.set_password(&reset, "a new and longer ptarmigan").await.code(), "resetEnded");
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    // The current policy counts: once reset is allowed again, the same reset continues.
    world.switch_on(&admin).await;
    world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_only_administrators_read_and_save_the_policy() {
    let (world, admin) = world().await;
    let user = world.user(&admin, json!({ "userId": "ann", "name": "Ann" })).await;
    let desk = world
        .user(&admin, json!({ "userId": "desk", "name": "Help Desk", "role": "helpDesk" }))
        .await;
    let policy = read(&world, &admin).await.body["policy"].clone();
    let reset = World::start_reset;
    world.switch_on(&admin).await;
    let reset = reset(&world, "ann").await.bearer;
    for (who, status, code) in [
        (Some(&user), 403, "forbidden"),
        (Some(&desk), 403, "forbidden"),
        (None, 401, "signInRequired"),
    ] {
        let session = match who {
            Some(person) => world.session(person).await,
            None => reset.clone(),
        };
        for ask in [
            Ask::new("GET", "/v1/policy"),
            Ask::new("GET", "/v1/policy/history"),
            put("", "\"1\"", &policy),
        ] {
            let answer = world.ask(ask.bearer(&session)).await;
            assert_eq!((answer.status, answer.code()), (status, code), "{who:?}");
        }
    }
    assert_eq!(read(&world, &admin).await.body["version"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_limits_hold_numbers_only() {
    let (world, admin) = world().await;
    let change = |policy: &mut Value| {
        policy["code"]["digits"] = json!(7);
        policy["limits"]["smsPerDay"] = json!(4321);
    };
    world.save_policy(&admin, change).await.expect(200);
    let limits = world.ask(Ask::new("GET", "/v1/limits")).await.expect(200);
    let expected = json!({
        "code": { "digits": 7, "lifetimeMinutes": 5, "guesses": 5 },
        "resetLifetimeMinutes": 15,
        "resendWaitSeconds": 30,
        "password": { "minimumLength": 15, "maximumLength": 256 },
        "session": { "fullSeconds": 43200, "limitedSeconds": 1200, "idleSeconds": 3600, "proofSeconds": 1200 },
    });
    assert_eq!(limits.body, expected);
}
