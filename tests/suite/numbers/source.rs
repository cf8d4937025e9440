//! The operator's limits per source address, at both ends of their range.

use crate::numbers::{Numbers, refusal};
use crate::trouble::races::at_once;
use domain::time::Span;
use platform::settings::{FAILED_SIGN_IN_LIMIT, SOURCE_LIMIT, Settings};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use tests::people::StartedReset;
use tests::world::{Ask, FRONT_SECRET};
use tests::{Answer, World};

const MOMENT: Span = Span(1);

fn start_of(source: &str, n: usize) -> Ask {
    Ask::new("POST", "/v1/resets")
        .body(json!({ "userId": format!("unknown{n}@example.com") }))
        .source(source)
}

async fn start(world: &World, source: &str, n: usize) -> Answer {
    world.ask(start_of(source, n)).await
}

/// Starts a reset from another source address.
async fn elsewhere(world: &World, n: usize) -> StartedReset {
    let started = start(world, &format!("198.51.{}.{}", n / 250, n % 250), n).await.expect(201);
    StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    }
}

fn send_of(source: &str, reset: &StartedReset) -> Ask {
    Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id))
        .bearer(&reset.bearer)
        .body(json!({ "kind": "email" }))
        .source(source)
}

async fn send(world: &World, source: &str, reset: &StartedReset) -> Answer {
    world.ask(send_of(source, reset)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_gets_the_operators_number_of_starts_and_sends_in_a_sliding_hour() {
    let it = Numbers::of(World::with_source_limit(10).await).await;
    let world = &it.world;
    it.set(&[("/resetLifetimeMinutes", 30)]).await;
    // Test environments begin on the hour. A request counts until an hour after the end of
    // its ten minutes: four of 9:35 until 10:40, and six of 9:45 until 10:50.
    world.pass(Span::minutes(35));
    let mut resets = Vec::new();
    for n in 0..23 {
        resets.push(elsewhere(world, n).await);
    }
    let (first, rest) = resets.split_at(11);
    // Starts and sends are counted separately, and IPv6 addresses by their /64 prefix.
    let sources = [
        (["203.0.113.7", "203.0.113.7"], first),
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"], rest),
    ];
    for now in [0..4, 4..10] {
        for (sources, resets) in sources {
            for n in now.clone() {
                start(world, sources[n % 2], n).await.expect(201);
                send(world, sources[n % 2], &resets[n]).await.expect(202);
            }
        }
        if now.end < 10 {
            world.pass(Span::minutes(10));
        }
    }
    let full = ("tooManyFromAddress", Some("3300"));
    for (sources, resets) in sources {
        assert_eq!(refusal(&start(world, sources[0], 10).await), full);
        assert_eq!(refusal(&send(world, sources[0], &resets[10]).await), full);
    }
    start(world, "203.0.113.8", 11).await.expect(201);
    start(world, "2001:db8:1:3::1", 12).await.expect(201);
    send(world, "2001:db8:1:3::1", &resets[22]).await.expect(202);

    world.pass(Span(Span::minutes(55).0 - 1));
    assert_eq!(refusal(&start(world, "203.0.113.7", 13).await), ("tooManyFromAddress", Some("1")));
    world.pass(MOMENT);
    for n in 0..4 {
        start(world, "203.0.113.7", n).await.expect(201);
    }
    assert_eq!(
        refusal(&start(world, "203.0.113.7", 10).await),
        ("tooManyFromAddress", Some("600")),
        "as many as no longer count"
    );
    // After a day nothing counts, and old counts leave the item.
    world.pass(Span::days(1));
    for n in 0..10 {
        start(world, "203.0.113.7", n).await.expect(201);
    }
    assert_eq!(
        refusal(&start(world, "203.0.113.7", 10).await),
        ("tooManyFromAddress", Some("4200"))
    );
    let counts = counts(world, "starts").await;
    let now = |row: &&Value| intervals(row).len() == 1 && count(row) == 10;
    let full = counts.iter().filter(now).collect::<Vec<_>>();
    assert_eq!(full.len(), 1, "{counts:?}");
    let ttl: i64 = full[0]["ttl"]["N"].as_str().and_then(|n| n.parse().ok()).expect("a time");
    assert_eq!(ttl, (world.now() + Span::hours(2)).epoch_seconds());
}

/// Returns the items that count one thing for sources.
async fn counts(world: &World, what: &str) -> Vec<Value> {
    let is = |row: &Value| {
        row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("SRC#")) && row["sk"]["S"] == what
    };
    world.items().await.into_iter().filter(is).collect()
}

/// Returns the attribute names of an item's counts.
fn intervals(row: &Value) -> Vec<&String> {
    let names = row.as_object().expect("an item").keys();
    names.filter(|name| name.strip_prefix("in").is_some_and(|n| n.parse::<i64>().is_ok())).collect()
}

/// Returns the sum of an item's counts.
fn count(row: &Value) -> u32 {
    let number = |name: &String| row[name]["N"].as_str().and_then(|n| n.parse::<u32>().ok());
    intervals(row).into_iter().filter_map(number).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_300_starts_and_300_sends_at_once_exactly_the_limit_pass() {
    const SOURCE: &str = "203.0.113.7";
    let limit = 40;
    let it = Numbers::of(World::with_source_limit(limit).await).await;
    let world = Arc::new(it.world);
    // Between 150 and 150 requests ten minutes end. All of them decide by what they read
    // before the first is written.
    let across = async |asks: Vec<Ask>| {
        let gate = world.proxy.hold(|operation, body| {
            operation == "TransactWriteItems" && body.to_string().contains("SRC#")
        });
        let mut halves = Vec::new();
        for (n, half) in asks.chunks(150).enumerate() {
            let (of_half, half) = (world.clone(), half.to_vec());
            halves.push(tokio::spawn(async move { at_once(&of_half, half).await }));
            gate.arrived(150).await;
            if n == 0 {
                world.pass(Span::minutes(10));
            }
        }
        gate.open();
        let mut answers = Vec::new();
        for half in halves {
            answers.extend(half.await.expect("answers"));
        }
        answers
    };
    let passed = |answers: &[Answer], status: u16| {
        let others = answers.iter().filter(|answer| answer.status != status);
        let others: BTreeSet<&str> = others.map(Answer::code).collect();
        assert_eq!(others, BTreeSet::from(["tooManyFromAddress"]));
        answers.iter().filter(|answer| answer.status == status).count()
    };
    // First nothing is counted; then, in the next hour, five are.
    for counted in [0, 5] {
        for n in 0..counted {
            start(&world, SOURCE, n).await.expect(201);
        }
        let asks = (0..300).map(|n| start_of(SOURCE, n)).collect();
        assert_eq!(passed(&across(asks).await, 201), limit as usize - counted);
        world.pass(Span::minutes(70));
    }
    let mut asks = Vec::new();
    for n in 0..300 {
        asks.push(send_of(SOURCE, &elsewhere(&world, n).await));
    }
    assert_eq!(passed(&across(asks).await, 202), limit as usize);
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_counts_its_sends_for_the_source_too() {
    let it = Numbers::of(World::with_source_limit(10).await).await;
    let ann = it
        .world
        .user(&it.admin().await, json!({ "userId": "ann@example.com", "name": "Ann" }))
        .await;
    let add = |bearer: &str, n: usize| {
        let body = json!({ "kind": "email", "destination": format!("ann{n}@example.com") });
        Ask::new("POST", "/v1/me/methods").bearer(bearer).body(body).source("203.0.113.7")
    };
    for n in 0..9 {
        let bearer = it.world.session(&ann).await;
        it.world.ask(add(&bearer, n)).await.expect(202);
    }
    send(&it.world, "203.0.113.7", &elsewhere(&it.world, 1).await).await.expect(202);
    let bearer = it.world.session(&ann).await;
    assert_eq!(
        refusal(&it.world.ask(add(&bearer, 10)).await),
        ("tooManyFromAddress", Some("4200"))
    );
    it.world.ask(add(&bearer, 10).source("203.0.113.8")).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_100_000_is_exact() {
    let it = Numbers::of(World::with_source_limit(100_000).await).await;
    let (world, source) = (&it.world, "203.0.113.7");
    let resets = [elsewhere(world, 1).await, elsewhere(world, 2).await, elsewhere(world, 3).await];
    let rows = async || [counts(world, "starts").await, counts(world, "sends").await].concat();
    let before = rows().await;
    start(world, source, 1).await.expect(201);
    send(world, source, &resets[0]).await.expect(202);
    let mut added = 0;
    for row in rows().await.iter().filter(|row| before.iter().all(|old| old["pk"] != row["pk"])) {
        assert_eq!(count(row), 1);
        let almost = json!({
            "Key": { "pk": row["pk"], "sk": row["sk"] },
            "UpdateExpression": "SET #count = :n",
            "ExpressionAttributeNames": { "#count": intervals(row)[0] },
            "ExpressionAttributeValues": { ":n": { "N": "99999" } },
        });
        world.table("UpdateItem", almost).await;
        added += 1;
    }
    assert_eq!(added, 2, "the items of this source");
    start(world, source, 2).await.expect(201);
    assert_eq!(start(world, source, 3).await.code(), "tooManyFromAddress");
    send(world, source, &resets[1]).await.expect(202);
    assert_eq!(send(world, source, &resets[2]).await.code(), "tooManyFromAddress");
}

#[test]
fn the_operators_limits_have_a_range_too() {
    type Read = fn(&Settings) -> u32;
    let limits: [(&str, &str, u32, Read); 2] = [
        ("LATCHKEY_SOURCE_LIMIT", "SourceLimit", SOURCE_LIMIT, |s| s.source_limits.requests),
        ("LATCHKEY_FAILED_SIGN_IN_LIMIT", "FailedSignInLimit", FAILED_SIGN_IN_LIMIT, |s| {
            s.source_limits.failed_sign_ins
        }),
    ];
    assert_eq!((SOURCE_LIMIT, FAILED_SIGN_IN_LIMIT), (300, 100));
    for (variable, parameter, default, read) in limits {
        let settings = |limit: Option<&str>| {
            Settings::read(|name| match name {
                _ if name == variable => limit.map(str::to_owned),
                "LATCHKEY_BASE_URL" => Some("https://reset.example.com".to_owned()),
                "LATCHKEY_MAIL_FROM" => Some("no-reply@example.com".to_owned()),
                "LATCHKEY_SOURCE_LIMIT"
                | "LATCHKEY_FAILED_SIGN_IN_LIMIT"
                | "LATCHKEY_FRONT_DIGEST"
                | "LATCHKEY_BREACHED_URL" => None,
                other => Some(format!("any {other}")),
            })
        };
        for (text, limit) in
            [(None, default), (Some("10"), 10), (Some("300"), 300), (Some("100000"), 100_000)]
        {
            assert_eq!(read(&settings(text).expect("settings")), limit, "{text:?}");
        }
        for text in ["9", "100001", "0", "-10", "10.5", "ten", "", " 10", "1e3", "4294967306"] {
            let refused = settings(Some(text)).expect_err("a function refuses to start");
            assert_eq!(
                refused.to_string(),
                format!("set the environment variable {variable} to a number from 10 to 100000"),
                "{text:?}"
            );
        }
        // The template enforces the same range at a deployment.
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../../infra/template.yaml")).expect("YAML");
        let template: Value =
            serde_json::to_value(&template["Parameters"][parameter]).expect("a parameter");
        assert_eq!(
            [&template["Default"], &template["MinValue"], &template["MaxValue"]],
            [&json!(default), &json!(10), &json!(100_000)]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_front_with_its_secret_is_believed() {
    let it = Numbers::of(World::with_source_limit(10).await).await;
    let world = &it.world;
    const CLOUDFRONT: &str = "203.0.113.99";
    let through = |secret: &str, viewer: &str, n: usize| {
        let ask = Ask::new("POST", "/v1/resets")
            .body(json!({ "userId": format!("unknown{n}@example.com") }))
            .source(CLOUDFRONT);
        ask.header("x-latchkey-front", secret).header("x-latchkey-viewer", viewer)
    };
    // Each caller's address has its own count, an IPv6 address by its /64 prefix.
    for (viewer, same) in
        [("198.51.100.7", "198.51.100.7"), ("2001:db8:7:7::1", "2001:db8:7:7:ffff::2")]
    {
        for n in 0..10 {
            world
                .ask(through(FRONT_SECRET, if n % 2 == 0 { viewer } else { same }, n))
                .await
                .expect(201);
        }
        assert_eq!(
            world.ask(through(FRONT_SECRET, viewer, 10)).await.code(),
            "tooManyFromAddress",
            "{viewer}"
        );
    }
    // Without the front's secret, or without an address, the source address that the
    // gateway saw counts.
    let twice = format!("{FRONT_SECRET}, {FRONT_SECRET}");
    let unbelieved = [
        ("", "192.0.2.50"),
        ("another secret", "192.0.2.51"),
        (twice.as_str(), "192.0.2.52"),
        (FRONT_SECRET, "192.0.2.54, 192.0.2.55"),
        (FRONT_SECRET, ""),
    ];
    for (n, (secret, viewer)) in unbelieved.into_iter().cycle().take(10).enumerate() {
        world.ask(through(secret, viewer, n)).await.expect(201);
    }
    assert_eq!(world.ask(through("", "192.0.2.53", 10)).await.code(), "tooManyFromAddress");
    assert_eq!(start(world, CLOUDFRONT, 11).await.code(), "tooManyFromAddress");
}

#[test]
fn an_invalid_digest_keeps_a_function_from_starting() {
    let read = |digest: &str| {
        let digest = digest.to_owned();
        Settings::read(move |name| match name {
            "LATCHKEY_BASE_URL" => Some("https://reset.example.com".to_owned()),
            "LATCHKEY_MAIL_FROM" => Some("no-reply@example.com".to_owned()),
            "LATCHKEY_FRONT_DIGEST" => Some(digest.clone()),
            "LATCHKEY_SOURCE_LIMIT" | "LATCHKEY_FAILED_SIGN_IN_LIMIT" | "LATCHKEY_BREACHED_URL" => {
                None
            }
            _ => Some("x".to_owned()),
        })
    };
    assert!(read("").expect("no front").front.is_none());
    assert!(read(&"ab".repeat(32)).expect("a front").front.is_some());
    for wrong in
        ["ab".repeat(31), "ab".repeat(33), "zz".repeat(32), "é".repeat(32), "+1".repeat(32)]
    {
        assert!(
            read(&wrong).expect_err(&wrong).to_string().contains("LATCHKEY_FRONT_DIGEST"),
            "{wrong}"
        );
    }
}
