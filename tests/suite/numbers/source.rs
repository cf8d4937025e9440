//! The operator's request limit per source address, at both ends of its range.

use crate::numbers::{Numbers, refusal};
use domain::time::Span;
use platform::settings::{SOURCE_LIMIT, Settings};
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::{Ask, FRONT_SECRET};
use tests::{Answer, World};

const MOMENT: Span = Span(1);

async fn start(world: &World, source: &str, n: usize) -> Answer {
    world
        .ask(
            Ask::new("POST", "/v1/resets")
                .body(json!({ "userId": format!("unknown{n}@example.com") }))
                .source(source),
        )
        .await
}

/// Starts a reset from another source address.
async fn elsewhere(world: &World, n: usize) -> StartedReset {
    let started = start(world, &format!("198.51.100.{n}"), n).await.expect(201);
    StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    }
}

async fn send(world: &World, source: &str, reset: &StartedReset) -> Answer {
    let path = format!("/v1/resets/{}/challenges", reset.id);
    world
        .ask(
            Ask::new("POST", path)
                .bearer(&reset.bearer)
                .body(json!({ "kind": "email" }))
                .source(source),
        )
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_gets_the_operators_number_of_starts_and_sends_each_clock_hour() {
    let it = Numbers::of(World::with_source_limit(10).await).await;
    let world = &it.world;
    it.set(&[("/resetLifetimeMinutes", 30)]).await;
    // Test environments begin on the hour. The count ends with the clock hour, not an
    // hour after the first request.
    world.pass(Span::minutes(40));
    let mut resets = Vec::new();
    for n in 0..23 {
        resets.push(elsewhere(world, n).await);
    }
    let (first, rest) = resets.split_at(11);
    // Starts and sends are counted separately, and IPv6 addresses by their /64 prefix.
    for (sources, resets) in [
        (["203.0.113.7", "203.0.113.7"], first),
        (["2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"], rest),
    ] {
        for n in 0..10 {
            start(world, sources[n % 2], n).await.expect(201);
            send(world, sources[n % 2], &resets[n]).await.expect(202);
        }
        let full = ("tooManyFromAddress", Some("1200"));
        assert_eq!(refusal(&start(world, sources[0], 10).await), full);
        assert_eq!(refusal(&send(world, sources[0], &resets[10]).await), full);
    }
    start(world, "203.0.113.8", 11).await.expect(201);
    start(world, "2001:db8:1:3::1", 12).await.expect(201);
    send(world, "2001:db8:1:3::1", &resets[22]).await.expect(202);

    world.pass(Span(Span::minutes(20).0 - 1));
    assert_eq!(refusal(&start(world, "203.0.113.7", 13).await), ("tooManyFromAddress", Some("1")));
    world.pass(MOMENT);
    for n in 0..10 {
        start(world, "203.0.113.7", n).await.expect(201);
    }
    assert_eq!(
        refusal(&start(world, "203.0.113.7", 10).await),
        ("tooManyFromAddress", Some("3600")),
        "ten more in the next hour"
    );
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
        ("tooManyFromAddress", Some("3600"))
    );
    it.world.ask(add(&bearer, 10).source("203.0.113.8")).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_100_000_is_exact() {
    let it = Numbers::of(World::with_source_limit(100_000).await).await;
    let (world, source) = (&it.world, "203.0.113.7");
    let resets = [elsewhere(world, 1).await, elsewhere(world, 2).await, elsewhere(world, 3).await];
    let before = world.items().await;
    start(world, source, 1).await.expect(201);
    send(world, source, &resets[0]).await.expect(202);
    let counts = |item: &&Value| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("SRC#"));
    let after = world.items().await;
    let row = after
        .iter()
        .filter(counts)
        .find(|row| before.iter().all(|old| old["pk"] != row["pk"]))
        .expect("this source's row");
    assert_eq!((&row["starts"]["N"], &row["sends"]["N"]), (&json!("1"), &json!("1")));
    let almost = json!({
        "Key": { "pk": row["pk"], "sk": row["sk"] },
        "UpdateExpression": "SET starts = :n, sends = :n",
        "ExpressionAttributeValues": { ":n": { "N": "99999" } },
    });
    world.table("UpdateItem", almost).await;
    start(world, source, 2).await.expect(201);
    assert_eq!(start(world, source, 3).await.code(), "tooManyFromAddress");
    send(world, source, &resets[1]).await.expect(202);
    assert_eq!(send(world, source, &resets[2]).await.code(), "tooManyFromAddress");
}

#[test]
fn the_operators_limit_has_a_range_too() {
    let settings = |limit: Option<&str>| {
        Settings::read(|name| match name {
            "LATCHKEY_SOURCE_LIMIT" => limit.map(str::to_owned),
            "LATCHKEY_BASE_URL" => Some("https://reset.example.com".to_owned()),
            "LATCHKEY_FRONT_DIGEST" => None,
            other => Some(format!("any {other}")),
        })
    };
    for (text, limit) in
        [(None, 300), (Some("10"), 10), (Some("300"), 300), (Some("100000"), 100_000)]
    {
        assert_eq!(settings(text).expect("settings").source_limit, limit, "{text:?}");
    }
    for text in ["9", "100001", "0", "-10", "10.5", "ten", "", " 10", "1e3", "4294967306"] {
        let refused = settings(Some(text)).expect_err("a function refuses to start").to_string();
        assert_eq!(
            refused,
            "set the environment variable LATCHKEY_SOURCE_LIMIT to a number from 10 to 100000",
            "{text:?}"
        );
    }
    // The template enforces the same range at a deployment.
    let template: Value = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(include_str!(
        "../../../infra/template.yaml"
    ))
    .ok()
    .and_then(|template| serde_json::to_value(&template["Parameters"]["SourceLimit"]).ok())
    .expect("a parameter");
    assert_eq!(
        [&template["Default"], &template["MinValue"], &template["MaxValue"]],
        [&json!(SOURCE_LIMIT), &json!(10), &json!(100_000)]
    );
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
            "LATCHKEY_FRONT_DIGEST" => Some(digest.clone()),
            "LATCHKEY_SOURCE_LIMIT" => None,
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
