//! The caller: a bearer token in the one accepted place, Latchkey's own pages, and the
//! address that the gateway saw.

use super::{body, errors, made_up, method, operations};
use crate::house::contract::{example, routes};
use domain::secret::BearerKind;
use serde_json::json;
use tests::world::Ask;
use tests::{Answer, World};

/// Routes that need no bearer token.
const PUBLIC: [(&str, &str); 4] = [
    ("GET", "/v1/limits"),
    ("GET", "/v1/organisation"),
    ("POST", "/v1/sign-in"),
    ("POST", "/v1/resets"),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_other_route_requires_its_bearer() {
    let world = World::new().await;
    let (session, reset) = (made_up(BearerKind::Session), made_up(BearerKind::Reset));
    #[rustfmt::skip]
    let refused = [
        String::new(), "Bearer".into(), "Bearer ".into(), format!("Basic {session}"), format!("Basic {reset}"), session.clone(), reset.clone(), format!("Bearer {session},Bearer {session}"),
        format!("Bearer {reset}, {reset}"), format!("Bearer {session}x"), format!("Bearer {}", &session[..60]), format!("Bearer \"{session}\""), "Bearer null".into(), "Bearer lks_".into(),
    ];
    for (_, name, pattern) in routes() {
        if PUBLIC.contains(&(name.as_str(), pattern.as_str())) {
            continue;
        }
        let method = method(&name);
        let (status, code) = if pattern.starts_with("/v1/resets/") {
            (410, "resetEnded")
        } else {
            (401, "signInRequired")
        };
        let check = |answer: &Answer, what: &str| {
            assert_eq!(
                (answer.status, answer.code()),
                (status, code),
                "{method} {pattern}: {what:?}"
            );
            assert_eq!(
                answer.headers.get("www-authenticate").map(String::as_str),
                (status == 401).then_some("Bearer"),
                "{method} {pattern}"
            );
        };
        let right = body(method, &pattern);
        let plain = || Ask { body: right.clone(), ..Ask::new(method, example(&pattern)) };
        check(&world.ask(plain()).await, "no header");
        for header in &refused {
            check(&world.ask(plain().header("authorization", header)).await, header);
        }
        // The bearer token is accepted in no other place, and a token of the other kind
        // is refused.
        let (own, other) = if status == 410 { (&reset, &session) } else { (&session, &reset) };
        for name in ["x-authorization", "proxy-authorization", "x-access-token"] {
            let ask =
                plain().header(name, format!("Bearer {own}")).cookie(&format!("session={own}"));
            check(&world.ask(ask).await, name);
        }
        let cookie = format!("__Host-latchkey={reset}");
        check(
            &world.ask(plain().cookie(&cookie).header("sec-fetch-site", "same-origin")).await,
            "a reset's bearer in the cookie",
        );
        if !pattern.ends_with("/verify") {
            check(&world.ask(plain().bearer(other)).await, "the other kind of bearer");
        }
        assert_eq!(
            operations(&world),
            Vec::<String>::new(),
            "{method} {pattern}: a refused bearer costs no call"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a43_a_repeated_header_is_refused() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let policy =
        world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"]
            .clone();
    let before = world.items().await;
    operations(&world);
    // The gateway joins repeated headers with commas.
    let me = |value: String| Ask::new("GET", "/v1/me").header("authorization", value);
    for twice in [
        format!("Bearer {admin},Bearer {admin}"),
        format!("Bearer {admin}, Bearer x"),
        format!("Bearer x,Bearer {admin}"),
    ] {
        world.ask(me(twice)).await.expect(401);
    }
    let create = || {
        Ask::new("POST", "/v1/users").bearer(&admin).body(json!({ "userId": "eve", "name": "Eve" }))
    };
    let answer = world.ask(create().header("idempotency-key", "one,two")).await.expect(400);
    assert_eq!(errors(&answer), [("", "notAnIdempotencyKey")]);
    world.ask(create().header("content-type", "application/json,text/plain")).await.expect(415);
    world
        .ask(create().header("content-type", "application/json,application/json"))
        .await
        .expect(415);
    let put =
        Ask::new("PUT", "/v1/policy").bearer(&admin).body(policy).header("if-match", "\"0\",\"1\"");
    assert_eq!(world.ask(put).await.expect(412).code(), "preconditionFailed");
    let by_cookie = Ask::new("POST", "/v1/users")
        .cookie(&format!("__Host-latchkey={admin}"))
        .body(json!({ "userId": "eve", "name": "Eve" }));
    for (name, twice) in [
        ("sec-fetch-site", "same-origin,same-origin"),
        ("sec-fetch-site", "same-origin,cross-site"),
        ("origin", "https://reset.example.com,https://evil.example"),
    ] {
        assert_eq!(
            world.ask(by_cookie.clone().header(name, twice)).await.expect(403).code(),
            "crossSite",
            "{name}: {twice}"
        );
    }
    assert_eq!(operations(&world), Vec::<String>::new());
    assert_eq!(world.items().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a59_no_other_site_can_make_a_browser_change_or_read_anything() {
    let world = World::new().await;
    let (admin, _) = world.ready().await;
    let cookie = format!("__Host-latchkey={admin}");
    let policy =
        world.ask(Ask::new("GET", "/v1/policy").bearer(&admin)).await.expect(200).body["policy"]
            .clone();
    let before = world.items().await;
    operations(&world);
    let foreign = |answer: &Answer, what: &str| {
        let allows = answer
            .headers
            .keys()
            .any(|name| name.starts_with("access-control-") || name.starts_with("timing-allow"));
        assert!(!allows && !answer.headers.contains_key("set-cookie"), "{what}: {answer:?}");
    };
    let said = [
        ("cross-site", "https://evil.example"),
        ("cross-site", "null"),
        ("same-site", "https://other.example.com"),
        ("cross-site", "https://reset.example.com"),
        ("none", "https://evil.example"),
    ];
    for (_, name, pattern) in routes() {
        let method = method(&name);
        let right = body(method, &pattern);
        let is_read = method == "GET";
        for (site, origin) in said {
            let what = format!("{method} {pattern} from {origin}, {site}");
            let from = |ask: Ask| {
                ask.header("sec-fetch-site", site)
                    .header("origin", origin)
                    .header("if-match", "\"1\"")
            };
            // The request has the cookie that the browser would send.
            let ask = from(Ask { body: right.clone(), ..Ask::new(method, example(&pattern)) })
                .cookie(&cookie);
            let is_public = PUBLIC.contains(&(name.as_str(), pattern.as_str()))
                || pattern.starts_with("/v1/resets");
            if !(is_public || is_read && site == "none") {
                let answer = world.ask(ask).await.expect(403);
                assert_eq!(answer.code(), "crossSite", "{what}");
                foreign(&answer, &what);
                assert_eq!(operations(&world), Vec::<String>::new(), "{what}");
            }
            // Requests that a form or a script can send without a CORS preflight.
            if let Some(body) = &right {
                for kind in [
                    "text/plain",
                    "text/plain;charset=UTF-8",
                    "application/x-www-form-urlencoded",
                    "multipart/form-data; boundary=x",
                ] {
                    let ask = from(
                        Ask::new(method, example(&pattern))
                            .body(body.clone())
                            .header("content-type", kind),
                    );
                    let answer = world.ask(if is_public { ask } else { ask.bearer(&admin) }).await;
                    let refused = (answer.status, answer.code());
                    assert!(
                        refused == (415, "unsupportedMediaType") || refused == (410, "resetEnded"),
                        "{what}: {kind} {answer:?}"
                    );
                    foreign(&answer, &what);
                }
                operations(&world);
            }
            // Requests that need a CORS preflight.
            let preflight = from(Ask::new("OPTIONS", example(&pattern)))
                .header("access-control-request-method", method)
                .header("access-control-request-headers", "authorization,content-type");
            let answer = world.ask(preflight).await.expect(405);
            foreign(&answer, &what);
        }
    }
    // Another site cannot start a session in a cookie either.
    let sign_in = json!({ "userId": "admin@example.com", "password": "a ptarmigan for the administrator", "session": "cookie" });
    for (site, origin) in said {
        let ask = Ask::new("POST", "/v1/sign-in")
            .body(sign_in.clone())
            .header("sec-fetch-site", site)
            .header("origin", origin);
        let answer = world.ask(ask).await.expect(403);
        foreign(&answer, origin);
    }
    assert_eq!(operations(&world), Vec::<String>::new());
    assert_eq!(world.items().await, before, "another site changed the table");
    // The same request from one of Latchkey's own pages succeeds, so the cookie was valid.
    let put = Ask::new("PUT", "/v1/policy?dryRun=true")
        .cookie(&cookie)
        .body(policy)
        .header("if-match", "\"1\"");
    world
        .ask(
            put.header("sec-fetch-site", "same-origin")
                .header("origin", "https://reset.example.com"),
        )
        .await
        .expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a15_source_addresses_claimed_by_the_caller_are_ignored() {
    let world = World::with_source_limit(2).await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let start = async |n: usize, source: &str| {
        let ask = Ask::new("POST", "/v1/resets")
            .body(json!({ "userId": format!("user{n}") }))
            .source(source);
        let ask = ask
            .header("x-forwarded-for", format!("198.51.100.{n}"))
            .header("forwarded", format!("for=198.51.100.{n}"));
        world
            .ask(
                ask.header("x-real-ip", format!("198.51.100.{n}"))
                    .header("x-amzn-request-id", "chosen"),
            )
            .await
    };
    for source in ["192.0.2.9", "2001:db8:1:2::1", "::ffff:203.0.113.5"] {
        start(1, source).await.expect(201);
        start(2, source).await.expect(201);
        assert_eq!(start(3, source).await.expect(429).code(), "tooManyFromAddress", "{source}");
    }
    // All addresses in a subscriber's /64 prefix count as one, and so do two spellings
    // of an IPv4 address.
    assert_eq!(start(4, "2001:db8:1:2:ffff::9").await.status, 429);
    assert_eq!(start(5, "203.0.113.5").await.status, 429);
    start(6, "2001:db8:1:3::1").await.expect(201);
}
