//! Sessions: what each reaches, how the password is proved again, how they end, and how long
//! sign-in waits.

use crate::house::contract::rows;
use crate::house::requests::request;
use domain::access::Access;
use domain::session::{IDLE, LIMITED, PROOF, SEEN_STEP};
use domain::time::Span;
use platform::http::route::Route;
use serde_json::{Value, json};
use tests::world::Ask;
use tests::{Answer, Person, World};

fn confirm(bearer: &str, password: &str) -> Ask {
    Ask::new("POST", "/v1/session/confirm").bearer(bearer).body(json!({ "password": password }))
}

fn add_method(bearer: &str) -> Ask {
    Ask::new("POST", "/v1/me/methods")
        .bearer(bearer)
        .body(json!({ "kind": "email", "destination": "ann.other@example.com" }))
}

#[tokio::test(flavor = "multi_thread")]
async fn changing_methods_asks_for_the_password_again_after_twenty_minutes() {
    for (passed, young) in [(Span(PROOF.0 - 1), true), (PROOF, false), (Span(PROOF.0 + 1), false)] {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let bearer = world.session(&ann).await;
        world.pass(passed);
        let remove = Ask::new("DELETE", "/v1/me/methods/email").bearer(&bearer);
        if young {
            world.ask(add_method(&bearer)).await.expect(202);
            world.ask(remove).await.expect(204);
            continue;
        }
        for ask in [
            add_method(&bearer),
            Ask::new("POST", "/v1/me/methods/email/challenges").bearer(&bearer),
            remove.clone(),
        ] {
            assert_eq!(world.ask(ask).await.expect(403).code(), "passwordProofRequired");
        }
        let proved = world.ask(confirm(&bearer, &ann.password)).await.expect(200);
        assert_eq!((&proved.body["reach"], &proved.body["next"]), (&json!("full"), &Value::Null));
        assert_eq!(
            world.ask(add_method(&bearer)).await.code(),
            "signInRequired",
            "the old bearer is refused"
        );
        let bearer = proved.text("bearer");
        world.pass(Span(PROOF.0 - 1));
        world.ask(add_method(&bearer)).await.expect(202);
        world.pass(Span(1));
        assert_eq!(world.ask(remove.bearer(&bearer)).await.code(), "passwordProofRequired");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_proof_keeps_the_reach_and_restarts_the_lifetime() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    let bearer = world.session(&ann).await;
    world.pass(Span(LIMITED.0 - 1));
    let proved = world.ask(confirm(&bearer, &ann.password)).await.expect(200);
    assert_eq!(
        (&proved.body["reach"], &proved.body["next"]),
        (&json!("register"), &json!("register"))
    );
    assert_eq!(proved.text("expiresAt"), (world.now() + LIMITED).to_string());
    world.pass(Span(LIMITED.0 - 1));
    world.ask(Ask::new("GET", "/v1/me").bearer(&proved.text("bearer"))).await.expect(200);
    world.pass(Span(1));
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&proved.text("bearer"))).await.code(),
        "signInRequired"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_proof_counts_towards_the_sign_in_lockout() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let bearer = world.session(&ann).await;
    for n in 0..5 {
        world.sign_in(&ann.user_id, &format!("wrong at sign-in {n}")).await.expect(401);
        let wrong =
            world.ask(confirm(&bearer, &format!("wrong at the proof {n}"))).await.expect(422);
        assert_eq!(wrong.code(), "currentPasswordWrong");
    }
    for answer in [
        world.ask(confirm(&bearer, &ann.password)).await,
        world.sign_in(&ann.user_id, &ann.password).await,
    ] {
        assert_eq!(
            (answer.status, answer.code(), answer.headers["retry-after"].as_str()),
            (429, "signInLocked", "60")
        );
    }
    world.pass(Span::seconds(60));
    world.ask(confirm(&bearer, &ann.password)).await.expect(200);
    // The right password cleared the count.
    for n in 0..9 {
        world.sign_in(&ann.user_id, &format!("wrong once more {n}")).await.expect(401);
    }
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_everywhere_ends_every_session_reset_and_code() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let address = "ann.private@example.com";
    let (here, there) = (world.session(&ann).await, world.session(&ann).await);
    let registering = world.ask(add_method(&there)).await.expect(202).text("challengeId");
    let registering_code = world.code_for("ann.other@example.com").await;
    let proved = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&proved).await;
    let code = world.code_for(address).await;
    world.verify(&proved.bearer, &challenge, &code).await.expect(200);
    world.pass(Span::minutes(1));
    let asked = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&asked).await;
    let code = world.code_for(address).await;

    world.ask(Ask::new("DELETE", "/v1/sessions").bearer(&here)).await.expect(204);
    for bearer in [&here, &there] {
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me").bearer(bearer)).await.code(),
            "signInRequired"
        );
    }
    assert_eq!(
        world.verify(&there, &registering, &registering_code).await.code(),
        "signInRequired"
    );
    assert_eq!(world.verify(&asked.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(
        world.set_password(&proved, "a new and longer ptarmigan").await.code(),
        "resetEnded"
    );
    // The password and the method are as they were.
    let again = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(again.body["reach"], "full");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_use_of_a_session_is_stored_at_most_every_five_minutes() {
    let world = World::new().await;
    let bearer = world.session(&world.administrator().await).await;
    let writes = async || {
        world.proxy.take_calls();
        world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.expect(200);
        world
            .proxy
            .take_calls()
            .iter()
            .filter(|call| call.operation == "TransactWriteItems")
            .count()
    };
    world.pass(Span(SEEN_STEP.0 - 1));
    assert_eq!(writes().await, 0);
    world.pass(Span(1));
    assert_eq!((writes().await, writes().await), (1, 0));
    // The session ends one idle time after the last use that was stored.
    world.pass(Span(IDLE.0 - 1));
    assert_eq!(writes().await, 1);
    world.pass(IDLE);
    assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.code(), "signInRequired");
}

/// Whether a session of this reach passes a route's check. A route that takes no
/// session does not look at it.
fn lets_in(access: Access, reach: &str) -> bool {
    match access {
        Access::Anyone | Access::Reset | Access::Session => true,
        // Needs a challenge of the same session, which only registration issues.
        Access::ResetOrRegistration => true,
        Access::Registration => reach != "changePassword",
        Access::PasswordChange => reach != "register",
        Access::HelpDesk | Access::Administrator => reach == "full",
    }
}

fn opened(answer: &Answer) -> bool {
    !["signInRequired", "stepRequired", "forbidden"].contains(&answer.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn i12_a_limited_session_reaches_what_it_is_for_and_sign_out() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    // Administrators, so that only the reach refuses.
    let boss = |id: &str| json!({ "userId": id, "name": "Boss", "role": "administrator" });
    let made =
        world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(boss("new"))).await.expect(201);
    let new = Person { user_id: "new".into(), password: made.text("temporaryPassword") };
    let unregistered = world.user(&admin, boss("unregistered")).await;

    for Route { method, path, access, .. } in rows() {
        let what = format!("{method} {path}");
        let ask = request(method.as_str(), path, &[]);
        let without = world.ask(ask.clone()).await;
        let takes_none = matches!(access, Access::Anyone | Access::Reset);
        assert_eq!(without.code() != "signInRequired", takes_none, "no session, {what}");
        for reach in ["changePassword", "register", "full"] {
            let bearer = match reach {
                "changePassword" => world.session(&new).await,
                "register" => world.session(&unregistered).await,
                _ => {
                    let bearer = world.session(&unregistered).await;
                    world
                        .ask(Ask::new("POST", "/v1/me/registration/postpone").bearer(&bearer))
                        .await
                        .expect(200)
                        .text("bearer")
                }
            };
            let me = world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.expect(200);
            assert_eq!(me.body["reach"], reach);
            let answer = world.ask(ask.clone().bearer(&bearer)).await;
            let expected = lets_in(access, reach);
            assert_eq!(opened(&answer), expected, "{reach}, {what}: {answer:?}");
            assert!(expected || answer.code() == "stepRequired", "{reach}, {what}: {answer:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_waits_a_minute_and_then_twice_as_long_for_known_and_unknown_user_ids_alike() {
    for threshold in [3, 100] {
        let world = World::new().await;
        let (admin, ann) = world.ready().await;
        for beyond in [2, 101] {
            let refused = world
                .save_policy(&admin, |policy| policy["limits"]["wrongPasswords"] = json!(beyond))
                .await
                .expect(400);
            let error = &refused.body["errors"][0];
            assert_eq!(
                (&error["pointer"], &error["min"], &error["max"]),
                (&json!("/limits/wrongPasswords"), &json!(3), &json!(100))
            );
        }
        world
            .save_policy(&admin, |policy| policy["limits"]["wrongPasswords"] = json!(threshold))
            .await
            .expect(200);
        let users = [ann.user_id.as_str(), "unknown@example.com"];
        let wrong = async |n: usize| {
            for user in users {
                assert_eq!(
                    world
                        .sign_in(user, &format!("wrong password number {n}"))
                        .await
                        .expect(401)
                        .code(),
                    "signInFailed",
                    "{user}, {n}"
                );
            }
        };
        let waits = async |seconds: i64| {
            for user in users {
                for password in [ann.password.as_str(), "yet another wrong one"] {
                    let locked = world.sign_in(user, password).await.expect(429);
                    assert_eq!(
                        (locked.code(), locked.headers["retry-after"].clone()),
                        ("signInLocked", seconds.to_string()),
                        "{user}"
                    );
                }
            }
        };
        for n in 1..threshold {
            wrong(n).await;
        }
        // A repetition of one of the last three wrong passwords does not count.
        for n in [threshold - 1, threshold.saturating_sub(3).max(1)].repeat(5) {
            wrong(n).await;
        }
        wrong(threshold).await;
        for (n, seconds) in (1..).zip([60, 120, 240, 480, 900, 900]) {
            waits(seconds).await;
            world.pass(Span(Span::seconds(seconds).0 - 1));
            waits(1).await;
            world.pass(Span(1));
            wrong(threshold + n).await;
        }
        world.pass(Span::minutes(15));
        world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    }
}
