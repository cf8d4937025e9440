//! Values that name a key generation that the secret does not hold. A caller who makes them up
//! gets the answer to any other unusable value, and causes at most one reading of the secret a
//! minute. A stored value with such a generation fails closed.

use super::idempotency::{KEY, long};
use super::rotation::with_kid;
use crate::reset::equal::{calls, face};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::challenge::ChallengeId;
use domain::time::Span;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Fault, World};

/// Generations that the secret of the tests does not hold: below, next and far above its only one.
const UNKNOWN: [u16; 4] = [0, 2, 60_000, u16::MAX];

/// A challenge ID that no ledger holds, with the only generation of the secret.
fn in_no_ledger(challenge: &str) -> String {
    let id = ChallengeId::parse(challenge).expect("an id");
    ChallengeId { random: [7; 16], ..id }.to_string()
}

fn readings(world: &World) -> usize {
    let calls = world.proxy.take_calls();
    calls.iter().filter(|call| call.operation == "GetSecretValue").count()
}

fn deny_the_secret(world: &World) {
    let denied =
        |operation: &str, _: &Value| (operation == "GetSecretValue").then_some(Fault::AccessDenied);
    world.proxy.set_rule(denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_made_up_generation_gets_the_answer_and_the_calls_of_any_other_unusable_challenge() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let of_reset = in_no_ledger(&world.send_code(&reset).await);
    let add = json!({ "kind": "email", "destination": "new@example.com" });
    let session = world.session(&ann).await;
    let add = Ask::new("POST", "/v1/me/methods").bearer(&session).body(add);
    let of_session = in_no_ledger(&world.ask(add).await.expect(202).text("challengeId"));
    // Another bearer of the same form, which no item has.
    let made_up = |bearer: &str| {
        let last = if bearer.ends_with('A') { "Q" } else { "A" };
        format!("{}{last}", &bearer[..bearer.len() - 1])
    };
    let cases = [
        ("a reset", reset.bearer.clone(), &of_reset, "codeNotAccepted"),
        ("a made-up reset", made_up(&reset.bearer), &of_reset, "codeNotAccepted"),
        ("a session", session.clone(), &of_session, "codeNotAccepted"),
        ("a made-up session", made_up(&admin), &of_session, "signInRequired"),
        ("the other purpose", session, &of_reset, "codeNotAccepted"),
    ];
    for (what, bearer, challenge, code) in cases {
        world.proxy.take_calls();
        let usual = world.verify(&bearer, challenge, "12345678").await;
        assert_eq!(usual.code(), code, "{what}");
        let usual = (face(&usual), calls(&world));
        for kid in UNKNOWN {
            let answer = world.verify(&bearer, &with_kid(challenge, kid), "12345678").await;
            assert_eq!((face(&answer), calls(&world)), usual, "{what}: {kid}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_challenges_and_cursors_cause_one_reading_a_minute_together() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let page = world.ask(Ask::new("GET", "/v1/users?limit=1").bearer(&admin)).await.expect(200);
    let cursor = page.text("cursor");
    let (_, rest) = cursor.split_once('.').expect("a generation");
    let list =
        |kid: u16| Ask::new("GET", format!("/v1/users?limit=1&cursor={kid}.{rest}")).bearer(&admin);
    let made_up = async || {
        for kid in UNKNOWN {
            let answer = world.verify(&reset.bearer, &with_kid(&challenge, kid), "12345678").await;
            assert_eq!(answer.code(), "codeNotAccepted", "{kid}");
            let answer = world.ask(list(kid)).await.expect(400);
            assert_eq!(answer.body["errors"][0]["code"], "notACursor", "{kid}");
        }
        readings(&world)
    };
    world.proxy.take_calls();
    let mut counts = Vec::new();
    for _ in 0..4 {
        counts.push(made_up().await);
        world.pass(Span::seconds(30));
    }
    assert_eq!(counts, [1, 0, 1, 0]);
    // While the secret cannot be read, its generations are known for one minute.
    deny_the_secret(&world);
    assert_eq!(
        world.verify(&reset.bearer, &with_kid(&challenge, 0), "12345678").await.code(),
        "codeNotAccepted",
        "a generation below those of the secret is never looked for"
    );
    for kid in [2, u16::MAX] {
        let answer = world.verify(&reset.bearer, &with_kid(&challenge, kid), "12345678").await;
        assert_eq!(answer.code(), "unavailable", "{kid}");
        world.ask(list(kid)).await.expect(400);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bearers_cookies_and_device_tokens_name_no_generation() {
    let world = World::new().await;
    world.ready().await;
    world.pass(Span::minutes(5));
    world.proxy.take_calls();
    let text = |n: usize| BASE64.encode(vec![n as u8; 48]);
    for n in 0..8 {
        let sign_in = json!({ "userId": "ann@example.com", "password": "an unknown password" });
        let asks = [
            (Ask::new("GET", "/v1/me").bearer(&format!("ls_{}", text(n))), 401),
            (Ask::new("GET", "/v1/me").cookie(&format!("__Host-latchkey={}", text(n))), 401),
            (Ask::new("GET", format!("/v1/resets/{}", text(n))).bearer(&text(n)), 410),
            (Ask::new("POST", "/v1/sign-in").body(sign_in).header("latchkey-device", text(n)), 401),
        ];
        for (ask, status) in asks {
            let path = ask.path.clone();
            assert_eq!(world.ask(ask).await.status, status, "{path}");
        }
    }
    assert_eq!(readings(&world), 0);
}

/// Stores an item of the table again, with a text replaced.
async fn replace(world: &World, fits: impl Fn(&Value) -> bool, old: &str, new: &str) {
    let item = world.items().await.into_iter().find(|item| fits(item)).expect("an item");
    let replaced = item.to_string().replace(old, new);
    assert_ne!(replaced, item.to_string());
    let item: Value = serde_json::from_str(&replaced).expect("JSON");
    world.table("PutItem", json!({ "Item": item })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_value_of_an_unknown_generation_is_unavailable_and_never_wrong() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    // An idempotency record.
    let create = Ask::new("POST", "/v1/users")
        .bearer(&admin)
        .header(KEY, long("bob"))
        .body(json!({ "userId": "bob@example.com", "name": "Bob" }));
    world.ask(create.clone()).await.expect(201);
    let of_create = |item: &Value| item["outcome"]["S"] == "done" && item["kid"]["N"] == "1";
    replace(&world, of_create, r#""kid":{"N":"1"}"#, r#""kid":{"N":"999"}"#).await;
    assert_eq!(world.ask(create).await.code(), "unavailable");
    // The code of an outbox row.
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let before = world.standins.inbox().all().len();
    let row = |item: &Value| item["message"].to_string().contains(&challenge);
    replace(&world, row, &challenge, &with_kid(&challenge, 999)).await;
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
    // A password's hash. A wrong password would be counted.
    let locks = async || {
        let items = world.items().await;
        items.iter().filter(|item| item["wrong"]["N"].is_string()).count()
    };
    let before = locks().await;
    replace(&world, |item| item["userId"]["S"] == "ann@example.com", "keyid=AAE", "keyid=A+c")
        .await;
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "unavailable");
    assert_eq!(locks().await, before);
}
