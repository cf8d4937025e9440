//! Transport of a session: as a bearer token, or in a cookie for Latchkey's own pages.

use domain::time::Span;
use lambda_runtime::Context;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Person, World};

const OURS: &str = "https://reset.example.com";

/// Builds a request as one of Latchkey's own pages sends it.
fn from_page(method: &'static str, path: &str) -> Ask {
    Ask::new(method, path).header("sec-fetch-site", "same-origin").header("origin", OURS)
}

fn sign_in_by(transport: &str, person: &Person) -> Value {
    json!({ "userId": person.user_id, "password": person.password, "session": transport })
}

/// Signs in and returns the cookie of the new session.
async fn cookie(world: &World, person: &Person) -> String {
    world
        .ask(from_page("POST", "/v1/sign-in").body(sign_in_by("cookie", person)))
        .await
        .expect(200)
        .cookie()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_cookie_is_out_of_reach_of_scripts_and_of_other_sites() {
    let world = World::new().await;
    let ada = world.administrator().await;
    let signed_in = world
        .ask(from_page("POST", "/v1/sign-in").body(sign_in_by("cookie", &ada)))
        .await
        .expect(200);
    assert_eq!(signed_in.body.get("bearer"), None, "only the cookie holds it");
    let set = signed_in.headers["set-cookie"].clone();
    let (pair, attributes) = set.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; Max-Age=43200; Secure; HttpOnly; SameSite=Strict");
    let (name, bearer) = pair.split_once('=').expect("a pair");
    assert_eq!(name, "__Host-latchkey");
    // The cookie's value is a bearer token, as a client without a browser receives it.
    world.ask(Ask::new("GET", "/v1/me").bearer(bearer)).await.expect(200);
    world.ask(Ask::new("GET", "/v1/me").cookie(pair)).await.expect(200);
    world
        .ask(from_page("GET", "/v1/users").cookie("theme=dark").cookie(pair).cookie("x=y"))
        .await
        .expect(200);

    for transport in [json!({}), json!({ "session": "bearer" })] {
        let mut body = sign_in_by("bearer", &ada);
        body.as_object_mut().expect("an object").remove("session");
        body.as_object_mut()
            .expect("an object")
            .extend(transport.as_object().expect("an object").clone());
        let signed_in = world.ask(from_page("POST", "/v1/sign-in").body(body)).await.expect(200);
        assert!(
            signed_in.text("bearer").starts_with("lks_")
                && !signed_in.headers.contains_key("set-cookie")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cookies_work_as_the_gateway_and_the_local_router_pass_them() {
    let world = World::new().await;
    let ada = world.administrator().await;
    let event = |method: &str, path: &str, headers: Value, cookies: Value, body: Value| {
        json!({
            "version": "2.0", "routeKey": format!("{method} {path}"), "rawPath": path, "rawQueryString": "",
            "cookies": cookies, "headers": headers,
            "requestContext": {
                "accountId": "000000000000", "apiId": "api", "domainName": "reset.example.com", "domainPrefix": "reset",
                "http": { "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x" },
                "requestId": format!("{method} {path}"), "routeKey": format!("{method} {path}"), "stage": "$default",
                "time": "23/Nov/2026:09:00:00 +0000", "timeEpoch": 0
            },
            "body": body, "isBase64Encoded": false
        })
    };
    let send = async |event: Value| world.invoke("sign-in", &event, Context::default()).await;
    let page = json!({ "content-type": "application/json", "sec-fetch-site": "same-origin", "origin": OURS });
    let body = Value::String(sign_in_by("cookie", &ada).to_string());
    let signed_in = send(event("POST", "/v1/sign-in", page.clone(), Value::Null, body)).await;
    // The gateway creates `Set-Cookie` from this list, and ignores such a header from a function.
    let set = signed_in["cookies"].as_array().expect("cookies");
    // One is the session's, the other that of known devices.
    assert_eq!((set.len(), signed_in["headers"].get("set-cookie")), (2, None));
    let pair = set[0].as_str().and_then(|set| set.split(';').next()).expect("a pair");

    let me = send(event("GET", "/v1/me", json!({}), json!(["a=b", pair]), Value::Null)).await;
    assert_eq!(me["statusCode"], 200);
    // `cargo lambda watch` keeps the header beside the list.
    let me =
        send(event("GET", "/v1/me", json!({ "cookie": pair }), json!([pair]), Value::Null)).await;
    assert_eq!(me["statusCode"], 200);
    let out = send(event("DELETE", "/v1/session", page, json!([pair]), Value::Null)).await;
    assert_eq!(
        (&out["statusCode"], &out["cookies"][0]),
        (
            &json!(204),
            &json!("__Host-latchkey=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
        )
    );
}

/// The headers in which a browser identifies the page that sends a request:
/// `Sec-Fetch-Site` and `Origin`.
type Said = (Option<&'static str>, Option<&'static str>);

fn saying(mut ask: Ask, (site, origin): Said) -> Ask {
    if let Some(site) = site {
        ask = ask.header("sec-fetch-site", site);
    }
    match origin {
        Some(origin) => ask.header("origin", origin),
        None => ask,
    }
}

const OTHERS: [&str; 8] = [
    "null",
    "",
    "https://evil.example.com",
    "http://reset.example.com",
    "https://reset.example.com:8443",
    "https://reset.example.com.evil.example.com",
    "https://reset.example.com, https://reset.example.com",
    "https://example.com",
];
const SITES: [&str; 5] =
    ["cross-site", "same-site", "none", "same-origin, same-origin", "Same-Origin"];

#[tokio::test(flavor = "multi_thread")]
async fn only_our_own_page_gets_a_session_in_a_cookie_and_refusals_cost_no_call() {
    let world = World::new().await;
    let ada = world.administrator().await;
    let ask = |said| saying(Ask::new("POST", "/v1/sign-in").body(sign_in_by("cookie", &ada)), said);
    for said in [(Some("same-origin"), None), (Some("same-origin"), Some(OURS))] {
        world.ask(ask(said)).await.expect(200);
    }
    world.proxy.take_calls();
    let mut refused: Vec<Said> = vec![(None, None), (None, Some(OURS))];
    refused.extend(OTHERS.map(|origin| (Some("same-origin"), Some(origin))));
    refused.extend(SITES.map(|site| (Some(site), Some(OURS))));
    for said in refused {
        let answer = world.ask(ask(said)).await.expect(403);
        assert_eq!(
            (answer.code(), answer.headers.get("set-cookie")),
            ("crossSite", None),
            "{said:?}"
        );
    }
    assert!(world.proxy.take_calls().is_empty());
    // A page of another site cannot read a bearer token in the body: no CORS header allows it.
    let bearer = saying(
        Ask::new("POST", "/v1/sign-in").body(sign_in_by("bearer", &ada)),
        (Some("cross-site"), Some("https://evil.example.com")),
    );
    assert!(
        !world.ask(bearer).await.expect(200).headers.contains_key("access-control-allow-origin")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_works_only_for_our_own_pages_and_a_bearer_from_any_page() {
    let world = World::new().await;
    let ada = world.administrator().await;
    let cookie = cookie(&world, &ada).await;
    let bearer = cookie.split_once('=').expect("a pair").1.to_owned();
    let create = |n: usize| {
        Ask::new("POST", "/v1/users").body(json!({ "userId": format!("user{n}"), "name": "X" }))
    };
    let mut n = 0;
    let mut refused: Vec<Said> = vec![(None, None)];
    refused.extend(
        OTHERS
            .iter()
            .flat_map(|origin| [(Some("same-origin"), Some(*origin)), (None, Some(*origin))]),
    );
    refused.extend(SITES.iter().flat_map(|site| [(Some(*site), Some(OURS)), (Some(*site), None)]));
    world.proxy.take_calls();
    for said in &refused {
        let answer = world.ask(saying(create(n), *said).cookie(&cookie)).await.expect(403);
        assert_eq!(answer.code(), "crossSite", "{said:?}");
    }
    assert!(world.proxy.take_calls().is_empty());
    for said in refused {
        n += 1;
        world.ask(saying(create(n), said).bearer(&bearer)).await.expect(201);
    }
    for said in [(Some("same-origin"), Some(OURS)), (Some("same-origin"), None), (None, Some(OURS))]
    {
        n += 1;
        world.ask(saying(create(n), said).cookie(&cookie)).await.expect(201);
    }
    // A read is also allowed without a page (`none`, as from a bookmark), but not from
    // other sites.
    let read = |method, said| saying(Ask::new(method, "/v1/me"), said).cookie(&cookie);
    for site in ["cross-site", "same-site", "Same-Origin"] {
        assert_eq!(
            world.ask(read("GET", (Some(site), None))).await.expect(403).code(),
            "crossSite",
            "{site}"
        );
        world
            .ask(Ask::new("GET", "/v1/me").header("sec-fetch-site", site).bearer(&bearer))
            .await
            .expect(200);
        assert_eq!(world.ask(read("HEAD", (Some(site), None))).await.status, 403, "{site}");
    }
    for site in [None, Some("none"), Some("same-origin")] {
        world.ask(read("GET", (site, None))).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_header_counts_over_a_cookie_and_two_cookies_are_refused() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let hers = cookie(&world, &ann).await;
    let me = || from_page("GET", "/v1/me");
    let both = world.ask(me().bearer(&admin).cookie(&hers)).await.expect(200);
    assert_eq!(both.body["user"]["userId"], "admin@example.com");
    for header in ["Bearer x", "Basic eDp5", ""] {
        assert_eq!(
            world.ask(me().header("authorization", header).cookie(&hers)).await.code(),
            "signInRequired",
            "{header:?}"
        );
    }
    let other = format!("__Host-latchkey={admin}");
    for cookies in [[&hers, &other], [&other, &hers], [&hers, &hers]] {
        let ask = cookies.into_iter().fold(me(), |ask, cookie| ask.cookie(cookie));
        assert_eq!(world.ask(ask).await.code(), "signInRequired");
    }
    for cookie in [
        format!("latchkey={admin}"),
        format!("__host-latchkey={admin}"),
        format!("__Host-latchkey={admin}x"),
        "__Host-latchkey".into(),
    ] {
        assert_eq!(world.ask(me().cookie(&cookie)).await.code(), "signInRequired", "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_a_cookie_stays_in_a_cookie_through_every_step() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let made = world
        .ask(
            Ask::new("POST", "/v1/users")
                .bearer(&admin)
                .body(json!({ "userId": "ann@example.com", "name": "Ann" })),
        )
        .await;
    let (temporary, password) = (made.text("temporaryPassword"), "a long ptarmigan of ann");
    let ann = Person { user_id: "ann@example.com".into(), password: temporary.clone() };
    let mut now = cookie(&world, &ann).await;
    let step = async |method, path: &str, body: Option<Value>, cookie: &mut String| {
        let ask = Ask { body, ..from_page(method, path).cookie(cookie) };
        let answer = world.ask(ask).await.expect(200);
        assert_eq!(answer.body.get("bearer"), None, "{path}");
        let before = std::mem::replace(cookie, answer.cookie());
        assert_ne!(before, *cookie, "{path}: a new secret");
        assert_eq!(
            world.ask(from_page("GET", "/v1/me").cookie(&before)).await.code(),
            "signInRequired",
            "{path}: the old one is refused"
        );
        answer
    };
    let change = json!({ "currentPassword": temporary, "newPassword": password });
    step("PUT", "/v1/me/password", Some(change), &mut now).await;
    let postponed = step("POST", "/v1/me/registration/postpone", None, &mut now).await;
    assert_eq!(postponed.body["reach"], "full");

    let add = json!({ "kind": "email", "destination": "ann.private@example.com" });
    let sent =
        world.ask(from_page("POST", "/v1/me/methods").cookie(&now).body(add)).await.expect(202);
    let verify = |code: &str| {
        Ask::new("POST", format!("/v1/challenges/{}/verify", sent.text("challengeId")))
            .body(json!({ "code": code }))
    };
    let code = world.code_for("ann.private@example.com").await;
    assert_eq!(world.ask(verify(&code).cookie(&now)).await.expect(403).code(), "crossSite");
    world.ask(verify(&code).cookie(&now).header("origin", OURS)).await.expect(200);
    step("POST", "/v1/me/registration/finish", None, &mut now).await;
    step("POST", "/v1/session/confirm", Some(json!({ "password": password })), &mut now).await;

    let out = world.ask(from_page("DELETE", "/v1/session").cookie(&now)).await.expect(204);
    assert_eq!(out.cookie(), "__Host-latchkey=");
    // If the request has a bearer token, no cookie is set.
    let bearer = world.sign_in(&ann.user_id, password).await.expect(200).text("bearer");
    let confirmed = world
        .ask(
            Ask::new("POST", "/v1/session/confirm")
                .bearer(&bearer)
                .body(json!({ "password": password })),
        )
        .await
        .expect(200);
    let out = world
        .ask(Ask::new("DELETE", "/v1/session").bearer(&confirmed.text("bearer")))
        .await
        .expect(204);
    assert!(
        !confirmed.headers.contains_key("set-cookie") && !out.headers.contains_key("set-cookie")
    );
    // 180 days later the methods must be reconfirmed.
    world.pass(Span::days(180));
    let mut now = cookie(&world, &Person { password: password.into(), ..ann }).await;
    step("POST", "/v1/me/registration/reconfirm", None, &mut now).await;
    let out = world.ask(from_page("DELETE", "/v1/sessions").cookie(&now)).await.expect(204);
    assert_eq!(out.cookie(), "__Host-latchkey=");
}
