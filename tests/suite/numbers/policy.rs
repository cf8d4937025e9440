//! Every number of the policy through the API: accepted at both ends of its
//! range, refused one beyond with its pointer and range, never clamped.
//!
//! The numbers are those of `RANGES`. A change of one shows in the API document,
//! which has the default and the range of each.

use crate::numbers::Numbers;
use domain::kind::Kind;
use domain::policy::ranges::{RANGES, Range};
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Answer, World};

/// Whether the number counts the members of a list.
fn is_list(pointer: &str) -> bool {
    matches!(pointer, "/scope/groups" | "/methods")
}

/// The JSON value for a number: itself, or a list of that many members.
fn written(pointer: &str, number: u32) -> Value {
    match pointer {
        "/scope/groups" => (0..number).map(|n| json!(format!("group {n:02}"))).collect(),
        "/methods" => {
            let known = Kind::ALL.iter().map(|kind| kind.as_str());
            known.chain(["pigeon"]).take(number as usize).map(|kind| json!(kind)).collect()
        }
        _ => json!(number),
    }
}

fn least(range: &Range) -> u32 {
    range.min
}

fn most(range: &Range) -> u32 {
    range.max
}

fn put(policy: &mut Value, pointer: &str, value: Value) {
    *policy.pointer_mut(pointer).unwrap_or_else(|| panic!("the policy has no {pointer}")) = value;
}

/// A policy with both kinds, a country and a group, so that numbers do not
/// depend on each other. Returns the administrator's session, the ETag and the
/// policy.
async fn roomy(it: &Numbers) -> (String, String, Value) {
    let admin = it.admin().await;
    let read = it.world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
    let mut policy = read.body["policy"].clone();
    policy["scope"] = json!({ "type": "selected", "groups": ["staff"] });
    (admin, read.headers["etag"].clone(), policy)
}

async fn judge(world: &World, admin: &str, tag: &str, language: &str, policy: &Value) -> Answer {
    let ask = Ask::new("PUT", "/v1/policy?dryRun=true")
        .bearer(admin)
        .header("if-match", tag)
        .header("accept-language", language);
    world.ask(ask.body(policy.clone())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_number_is_accepted_at_both_ends_and_refused_one_beyond_in_both_languages() {
    let it = Numbers::new().await;
    let (admin, tag, roomy) = roomy(&it).await;
    for &Range { pointer, default, min, max, .. } in RANGES {
        for inside in [min, default, max] {
            let mut policy = roomy.clone();
            put(&mut policy, pointer, written(pointer, inside));
            let taken = judge(&it.world, &admin, &tag, "en", &policy).await.expect(200);
            assert_eq!(
                (&taken.body["policy"], &taken.body["saved"]),
                (&policy, &json!(false)),
                "{pointer} = {inside}: stored as written"
            );
        }
        // No number is below zero, and a third kind would be an unknown kind.
        // Another test covers both.
        let outside = [min.checked_sub(1), Some(max + 1).filter(|_| pointer != "/methods")];
        assert!(outside.iter().any(Option::is_some), "{pointer} is refused nowhere");
        for outside in outside.into_iter().flatten() {
            let mut policy = roomy.clone();
            put(&mut policy, pointer, written(pointer, outside));
            let details = [
                ("en", format!("Must be from {min} to {max}.")),
                ("zh-TW", format!("必須介於 {min} 到 {max} 之間。")),
            ];
            for (language, detail) in details {
                let refused = judge(&it.world, &admin, &tag, language, &policy).await.expect(400);
                let errors = refused.body["errors"].as_array().expect("errors");
                let expected = json!({ "pointer": pointer, "code": "outOfRange", "detail": detail, "min": min, "max": max });
                assert_eq!(
                    (refused.code(), &errors[0]),
                    ("invalidRequest", &expected),
                    "{pointer} = {outside}"
                );
                assert!(
                    errors.iter().all(|error| error["pointer"] == pointer),
                    "{pointer} = {outside}: {errors:?}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_is_no_whole_number_of_32_bits_is_refused_with_its_pointer() {
    let it = Numbers::new().await;
    let (admin, tag, roomy) = roomy(&it).await;
    let bad = [
        json!(-1),
        json!(1.5),
        json!(6.0),
        json!("6"),
        json!(null),
        json!(1u64 << 32),
        json!(u64::MAX),
        json!([6]),
        json!(true),
    ];
    for Range { pointer, .. } in RANGES.iter().filter(|range| !is_list(range.pointer)) {
        for value in &bad {
            let mut policy = roomy.clone();
            put(&mut policy, pointer, value.clone());
            let refused = judge(&it.world, &admin, &tag, "en", &policy).await.expect(400);
            let error = &refused.body["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!(pointer), &json!("wrongType")),
                "{pointer} = {value}"
            );
        }
    }
    let mut policy = roomy.clone();
    let kinds = Kind::ALL.len();
    put(&mut policy, "/methods", written("/methods", kinds as u32 + 1));
    let refused = judge(&it.world, &admin, &tag, "en", &policy).await.expect(400);
    assert_eq!(
        refused.body["errors"][0]["pointer"],
        format!("/methods/{kinds}"),
        "an unknown kind"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_minimums_and_all_maximums_are_saved_as_written() {
    let it = Numbers::new().await;
    for end in [least, most] {
        let (admin, tag, mut policy) = roomy(&it).await;
        for range in RANGES {
            put(&mut policy, range.pointer, written(range.pointer, end(range)));
        }
        let save = Ask::new("PUT", "/v1/policy")
            .bearer(&admin)
            .header("if-match", &tag)
            .body(policy.clone());
        assert_eq!(it.world.ask(save).await.expect(200).body["saved"], true);
        let kept = it.world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200);
        assert_eq!(kept.body["policy"], policy);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_save_the_numbers_are_the_products() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let policy =
        world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"]
            .clone();
    for Range { pointer, default, .. } in RANGES.iter().filter(|range| !is_list(range.pointer)) {
        assert_eq!(policy.pointer(pointer), Some(&json!(default)), "{pointer}");
    }
    assert_eq!(
        (&policy["scope"], &policy["methods"]),
        (&json!({ "type": "none" }), &json!(["email"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_organisations_texts_keep_to_the_products_lengths() {
    let it = Numbers::new().await;
    let (admin, tag, roomy) = roomy(&it).await;
    let long = |n: usize| json!("字".repeat(n));
    #[rustfmt::skip]
    let table = [
        ("/organisation/name", vec![long(1), long(60)], vec![long(0), long(61)], "notAName"),
        ("/organisation/shortName", vec![long(1), long(12)], vec![long(0), long(13)], "notAName"),
        ("/organisation/accentColour", vec![json!("#000000"), json!("#ffffff")], vec![json!("#00000"), json!("#0000000"), json!("#gggggg")], "notAColour"),
        ("/organisation/helpDesk", vec![json!("https://a"), json!("mailto:a"), json!("tel:+112"), json!(null)], vec![json!("http://a"), json!("tel:1")], "notAHelpDesk"),
        ("/organisation/language", vec![json!("en"), json!("zh-TW")], vec![json!("zh-CN"), json!("fr")], "unknownValue"),
        ("/smsCountries", vec![json!([]), json!(["TW"]), json!(["AU", "TW", "US"])], vec![json!(["TW", "XX"]), json!(["tw"]), json!([""])], "notACountry"),
    ];
    for (pointer, good, bad, code) in table {
        for value in good {
            let mut policy = roomy.clone();
            put(&mut policy, pointer, value.clone());
            judge(&it.world, &admin, &tag, "en", &policy).await.expect(200);
        }
        for value in bad {
            let mut policy = roomy.clone();
            put(&mut policy, pointer, value.clone());
            let refused = judge(&it.world, &admin, &tag, "en", &policy).await.expect(400);
            let error = &refused.body["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["code"]),
                (&json!(pointer), &json!(code)),
                "{pointer} = {value}"
            );
        }
    }
}

/// The answer of `GET /v1/limits` under these numbers.
fn limits([digits, lifetime, guesses, reset, wait, minimum]: [u32; 6]) -> Value {
    json!({
        "code": { "digits": digits, "lifetimeMinutes": lifetime, "guesses": guesses },
        "resetLifetimeMinutes": reset,
        "resendWaitSeconds": wait,
        "password": { "minimumLength": minimum, "maximumLength": 256 },
        "session": { "fullSeconds": 43200, "limitedSeconds": 1200, "idleSeconds": 3600, "proofSeconds": 1200 },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_limits_change_with_the_static_numbers_only() {
    const PUBLIC: [&str; 6] = [
        "/code/digits",
        "/code/lifetimeMinutes",
        "/code/guesses",
        "/resetLifetimeMinutes",
        "/limits/resendWaitSeconds",
        "/password/minimumLength",
    ];
    let it = Numbers::new().await;
    let public = async || it.world.ask(Ask::new("GET", "/v1/limits")).await.expect(200).body;
    for end in [least, most] {
        let numbers: Vec<(&str, u32)> = RANGES
            .iter()
            .filter(|range| PUBLIC.contains(&range.pointer))
            .map(|range| (range.pointer, end(range)))
            .collect();
        it.set(&numbers).await;
        let by =
            |pointer: &str| numbers.iter().find(|(name, _)| *name == pointer).expect("a number").1;
        assert_eq!(public().await, limits(PUBLIC.map(by)));
    }
    let before = public().await;

    // Changes every other number, and the kinds, countries and scope.
    let others: Vec<(&str, u32)> = RANGES
        .iter()
        .filter(|range| !PUBLIC.contains(&range.pointer) && !is_list(range.pointer))
        .map(|range| (range.pointer, range.min))
        .collect();
    it.set(&others).await;
    assert_eq!(public().await, before, "budgets and limits are not public");
    let change = |policy: &mut Value| {
        policy["smsCountries"] = json!(["TW", "US"]);
        policy["scope"] = json!({ "type": "selected", "groups": ["staff"] });
        policy["confirmDestination"] = json!("none");
    };
    it.world.save_policy(&it.admin().await, change).await.expect(200);
    assert_eq!(public().await, before);

    // The state of accounts: closed, locked, waiting, SMS spent for the day.
    it.fail("unknown@example.com", 3).await;
    assert_eq!(it.world.ask_first_code("unknown@example.com").await.code(), "resetClosed");
    for n in 0..3 {
        it.world.sign_in("unknown@example.com", &format!("wrong password {n}")).await.expect(401);
    }
    assert_eq!(
        it.world.sign_in("unknown@example.com", "wrong password 3").await.code(),
        "signInLocked"
    );
    assert_eq!(
        it.world.ask_reset("stranger@example.com").await.expect(201).body["unavailable"],
        json!(["mobilePhone"])
    );
    assert_eq!(public().await, before);
    let bearer = it.admin().await;
    assert_eq!(
        it.world.ask(Ask::new("GET", "/v1/limits").bearer(&bearer)).await.expect(200).body,
        before,
        "a signed-in caller gets the same answer"
    );
}
