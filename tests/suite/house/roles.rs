//! Each function's role, both ways: what it calls is granted (the proxy refuses
//! everything else, in every test), and what is granted is called.

use crate::house::tour::{perform, tour};
use crate::trouble::older::lived_in;
use crate::trouble::rotation::{client, rotated};
use domain::time::Span;
use serde_json::json;
use tests::caller::{AtWork, acting};
use tests::delivery::ses;
use tests::roles::{BY_THE_SERVICE, GRANTED, refused, unused};
use tests::world::Ask;
use tests::{Call, World};

const PHONE: &str = "+61491570156";

/// What tour and kept items do not meet: requests that may be repeated,
/// sessions that are used for long, an administrator who resets, new keys.
#[rustfmt::skip]
async fn rarer(world: &World) {
    let key = |ask: Ask, name: &str| ask.header("idempotency-key", format!("{name:-<16}"));
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    world.switch_on_phones(&admin, 1).await;
    world.save_policy(&admin, |policy| policy["registration"]["required"] = json!(false)).await.expect(200);
    world.register_all(&administrator, &[("email", "ada.private@example.com"), ("mobilePhone", PHONE)]).await;
    let admin = world.session(&administrator).await;
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob", "role": "administrator" })).await;
    world.register_all(&bob, &[("email", "bob.private@example.com"), ("mobilePhone", "+61491570157")]).await;
    let eve = json!({ "userId": "eve@example.com", "name": "Eve" });
    world.ask(key(Ask::new("POST", "/v1/users").bearer(&admin).body(eve), "eve")).await.expect(201);
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let sign_in = json!({ "userId": ann.user_id, "password": ann.password });
    let session = world.ask(key(Ask::new("POST", "/v1/sign-in").body(sign_in), "ann")).await.expect(200).text("bearer");
    world.pass(Span::minutes(4));
    let method = json!({ "kind": "email", "destination": "ann.private@example.com" });
    let sent = world.ask(key(Ask::new("POST", "/v1/me/methods").bearer(&session).body(method), "method")).await.expect(202);
    world.pass(Span::minutes(2));
    let code = json!({ "code": world.code_for("ann.private@example.com").await });
    let verify = Ask::new("POST", format!("/v1/challenges/{}/verify", sent.text("challengeId")));
    world.ask(key(verify.bearer(&session).body(code), "verify")).await.expect(200);
    for path in ["/v1/users", "/v1/policy"] {
        world.pass(Span::minutes(6));
        world.ask(Ask::new("GET", path).bearer(&admin)).await.expect(200);
    }
    let reset = world.start_reset(&administrator.user_id).await;
    world.prove(&reset, "email", "ada.private@example.com").await;
    world.prove(&reset, "mobilePhone", PHONE).await;
    world.set_password(&reset, "a kestrel above the motorway").await.expect(204);
    world.pump().await;
    world.redrive().await;
    let bounced = ses("Bounce", &world.name_of_newest("bob.private@example.com"), json!({ "bounce": { "bounceType": "Permanent" } }));
    world.invoke_delivery_events(&bounced).await.expect("an answer");
    acting("rotate-secret", rotated(&client(world.proxy.endpoint(), AtWork), "v2")).await;
}

/// Every call of the journeys, each function in a process of its own.
async fn calls() -> Vec<Call> {
    let world = World::new().await.apart().await;
    tour(&world, &mut async |_, step| perform(&world, &step).await).await;
    let toured = world.proxy.take_calls();
    let world = World::new().await.apart().await;
    Box::pin(lived_in(&world)).await;
    let lived = world.proxy.take_calls();
    let world = World::new().await.apart().await;
    Box::pin(rarer(&world)).await;
    [toured, lived, world.proxy.take_calls()].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_role_grants_its_function_uses() {
    let calls = calls().await;
    let mut idle = Vec::new();
    for function in GRANTED.keys() {
        idle.extend(unused(function, &calls).into_iter().map(|right| format!("{function}: {right:?}")));
    }
    assert!(idle.is_empty(), "granted and never used:\n{}", idle.join("\n"));
}

#[test]
fn what_no_role_grants_is_refused() {
    let read = serde_json::json!({ "RequestItems": { "latchkey": { "Keys": [{ "pk": { "S": "BUDGET#1" }, "sk": { "S": "-" } }] } } });
    assert_eq!(refused("verify", "BatchGetItem", &read), [("dynamodb:BatchGetItem".to_owned(), "BUDGET#1".to_owned())]);
    assert!(refused("send-code", "BatchGetItem", &read).is_empty());
    for function in GRANTED.keys() {
        assert_eq!(refused(function, "Scan", &serde_json::json!({})).len(), 1, "{function}");
    }
}

#[test]
fn what_the_service_calls_has_its_reason_and_is_granted_somewhere() {
    for (action, reason) in BY_THE_SERVICE {
        assert!(!reason.is_empty());
        assert!(GRANTED.values().flatten().any(|(granted, _)| granted == action), "nobody is granted {action}");
    }
}
