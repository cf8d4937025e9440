//! One credential is used in place of another: a role, a session's reach, a bearer
//! token, an ID, a code.

use super::{
    MAIL, NEW, NUMBER, ask_code, both_kinds, code_of, hash, one_kind, prove, start_method,
};
use crate::house::contract::routes;
use crate::house::requests::request;
use domain::challenge::{ChallengeId, LedgerId};
use domain::kind::Kind;
use serde_json::json;
use tests::world::Ask;

/// Path prefixes of the administration routes.
const ADMINISTRATION: [&str; 6] =
    ["/v1/policy", "/v1/users", "/v1/groups", "/v1/audit", "/v1/reports", "/v1/support"];

/// Builds one valid request about Ann to every administration route.
fn administration() -> Vec<Ask> {
    let asks = routes()
        .into_iter()
        .filter(|(.., path)| ADMINISTRATION.iter().any(|prefix| path.starts_with(prefix)));
    let about_ann = [("{userId}", "ann@example.com")];
    asks.map(|(_, method, pattern)| request(&method, &pattern, &about_ann)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_administration_is_refused_to_users_limited_sessions_and_callers_without_a_bearer() {
    let (world, admin, ann) = one_kind().await;
    let boss = json!({ "userId": "boss@example.com", "name": "Boss", "role": "administrator" });
    let made = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(boss)).await.expect(201);
    let must_change = world
        .sign_in("boss@example.com", &made.text("temporaryPassword"))
        .await
        .expect(200)
        .text("bearer");
    let ada =
        world.sign_in("admin@example.com", "a ptarmigan for the administrator").await.expect(200);
    assert_eq!(ada.body["reach"], "register", "reset is on and no method is registered");
    let bob = world.user(&admin, json!({ "userId": "bob@example.com", "name": "Bob" })).await;
    let callers = [
        ("a user", world.session(&ann).await, "forbidden"),
        ("a user who must register", world.session(&bob).await, "forbidden"),
        ("an administrator who must register", ada.text("bearer"), "stepRequired"),
        ("an administrator who must change the password", must_change, "stepRequired"),
        ("a reset", world.start_reset(&ann.user_id).await.bearer, "signInRequired"),
        ("no bearer", String::new(), "signInRequired"),
    ];
    let asks = administration();
    assert!(asks.len() >= 8, "{} routes", asks.len());
    let before = world.items().await;
    for (who, bearer, code) in &callers {
        for ask in &asks {
            let what = format!("{who}: {} {}", ask.method, ask.path);
            let answer = world.ask(ask.clone().bearer(bearer)).await;
            assert_eq!(
                (answer.code(), answer.status),
                (*code, if *code == "signInRequired" { 401 } else { 403 }),
                "{what}"
            );
        }
    }
    assert_eq!(world.items().await, before, "nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a09_only_the_request_line_sets_the_method() {
    let (world, admin, ann) = one_kind().await;
    let user = world.session(&ann).await;
    let path = "/v1/users/ann@example.com";
    let names = ["x-http-method-override", "x-http-method", "x-method-override"];
    for bearer in [&user, &admin] {
        for method in ["DELETE", "PATCH"] {
            let dressed = |ask: Ask| {
                names
                    .into_iter()
                    .fold(ask, |ask, name| ask.header(name, method))
                    .header("if-match", "\"4\"")
            };
            let (read, status) = (
                dressed(Ask::new("GET", path).bearer(bearer)),
                if *bearer == admin { 200 } else { 403 },
            );
            world.ask(read).await.expect(status);
            let body = json!({ "_method": method, "role": "administrator" });
            for path in [
                path.to_owned(),
                format!("{path}?_method={method}"),
                format!("{path}?method={method}"),
            ] {
                let answer = world
                    .ask(dressed(Ask::new("POST", path).bearer(bearer).body(body.clone())))
                    .await
                    .expect(405);
                assert_eq!(answer.code(), "methodNotAllowed");
            }
        }
    }
    let seen = world.ask(Ask::new("GET", path).bearer(&admin)).await.expect(200);
    assert_eq!((&seen.body["role"], &seen.body["enabled"]), (&json!("user"), &json!(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_no_credential_is_accepted_in_the_place_of_another() {
    let (world, admin, ann) = one_kind().await;
    let session = world.session(&ann).await;
    let (registration, registration_code) =
        start_method(&world, &session, "email", "ann.other@example.com").await;
    let started = world.ask_reset(&ann.user_id).await.expect(201);
    let reset = tests::people::StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    };
    let (challenge, code) = ask_code(&world, &reset, "email", MAIL).await;
    let bob = json!({ "userId": "bob@example.com", "name": "Bob" });
    let temporary = world
        .ask(Ask::new("POST", "/v1/users").bearer(&admin).body(bob))
        .await
        .expect(201)
        .text("temporaryPassword");
    let cursor = world
        .ask(Ask::new("GET", "/v1/users?limit=1").bearer(&admin))
        .await
        .expect(200)
        .text("cursor");
    let swapped = [format!("lks_{}", &reset.bearer[4..]), format!("lkr_{}", &session[4..])];
    let before = hash(&world, &ann.user_id).await;
    let things = [
        ("a session", session.as_str()),
        ("a reset's bearer", &reset.bearer),
        ("a reset's bearer called a session's", &swapped[0]),
        ("a session's bearer called a reset's", &swapped[1]),
        ("a reset's id", &reset.id),
        ("a challenge", &challenge),
        ("a challenge of a registration", &registration),
        ("a support code", &reset.support_code),
        ("a temporary password", &temporary),
        ("a cursor", &cursor),
        ("a code of a reset", &code),
        ("a code of a registration", &registration_code),
    ];
    let path = format!("/v1/resets/{}", reset.id);
    for (what, thing) in things {
        let by_cookie = |method| {
            let ask = Ask::new(method, "/v1/me").header("sec-fetch-site", "same-origin");
            world.ask(ask.cookie(&format!("__Host-latchkey={thing}")))
        };
        if what != "a session" {
            assert_eq!(
                world.ask(Ask::new("GET", "/v1/me").bearer(thing)).await.code(),
                "signInRequired",
                "{what} as a session"
            );
            assert_eq!(by_cookie("GET").await.code(), "signInRequired", "{what} in the cookie");
            let list = Ask::new("GET", format!("/v1/users?cursor={thing}")).bearer(&admin);
            assert_eq!(
                world.ask(list).await.status,
                if what == "a cursor" { 200 } else { 400 },
                "{what} as a cursor"
            );
        }
        if what != "a reset's bearer" {
            for (method, rest, body) in [
                ("GET", "", None),
                ("DELETE", "", None),
                ("PUT", "/password", Some(json!({ "newPassword": NEW }))),
            ] {
                let ask = Ask { body, ..Ask::new(method, format!("{path}{rest}")).bearer(thing) };
                assert_eq!(
                    world.ask(ask).await.code(),
                    "resetEnded",
                    "{what} as a reset's bearer: {method}"
                );
            }
        }
        if what != "a reset's id" {
            let view = Ask::new("GET", format!("/v1/resets/{thing}")).bearer(&reset.bearer);
            assert_eq!(world.ask(view).await.code(), "resetEnded", "{what} as a reset's id");
        }
        if !what.contains("challenge") {
            let answer = world.verify(&reset.bearer, thing, &code).await;
            assert_eq!((answer.status, answer.code()), (404, "notFound"), "{what} as a challenge");
        }
        if !what.contains("a code") {
            assert_eq!(
                world.verify(&reset.bearer, &challenge, thing).await.code(),
                "invalidRequest",
                "{what} as a code"
            );
        }
        let sign_in = world.sign_in("bob@example.com", thing).await;
        assert_eq!(sign_in.status == 200, what == "a temporary password", "{what} as a password");
    }
    assert_eq!(hash(&world, &ann.user_id).await, before);
    assert_eq!(world.next_in(&reset).await, "method");
    // The right credential in the same place is accepted afterwards.
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.verify(&session, &registration, &registration_code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_code_of_one_purpose_or_kind_is_worthless_for_another() {
    let (world, _, ann) = both_kinds(2).await;
    let session = world.session(&ann).await;
    let (registration, registration_code) =
        start_method(&world, &session, "email", "ann.other@example.com").await;
    let reset = world.start_reset(&ann.user_id).await;
    let (mail, mail_code) = ask_code(&world, &reset, "email", MAIL).await;
    let (sms, sms_code) = ask_code(&world, &reset, "mobilePhone", NUMBER).await;
    // The challenge ID says what a code is for, so this ID was never issued.
    let elsewhere = |challenge: &str, ledger| {
        let id = ChallengeId::parse(challenge).expect("an ID");
        code_of(&world, &ChallengeId { ledger, ..id }.to_string())
    };
    let mail_ledger = LedgerId::Reset { kind: Kind::Email, typed: None };
    let of_mail_for_registration = elsewhere(&mail, LedgerId::Registration);
    let of_registration_for_reset = elsewhere(&registration, mail_ledger);
    for (what, bearer, challenge, code) in [
        ("a registration's code in a reset", &reset.bearer, &mail, &registration_code),
        ("a registration's challenge in a reset", &reset.bearer, &registration, &registration_code),
        ("a reset's challenge in a session", &session, &mail, &mail_code),
        ("a reset's code at a registration", &session, &registration, &mail_code),
        (
            "this challenge's code for the other purpose",
            &reset.bearer,
            &mail,
            &of_mail_for_registration,
        ),
        (
            "that challenge's code for the other purpose",
            &session,
            &registration,
            &of_registration_for_reset,
        ),
        ("the mail's code at the phone's challenge", &reset.bearer, &sms, &mail_code),
        ("the phone's code at the mail's challenge", &reset.bearer, &mail, &sms_code),
    ] {
        assert_eq!(world.verify(bearer, challenge, code).await.code(), "codeNotAccepted", "{what}");
    }
    assert_eq!(world.next_in(&reset).await, "method");
    world.verify(&reset.bearer, &mail, &mail_code).await.expect(200);
    world.verify(&reset.bearer, &sms, &sms_code).await.expect(200);
    world.verify(&session, &registration, &registration_code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a10_a_completed_reset_is_not_a_sign_in() {
    let (world, _, ann) = one_kind().await;
    let reset = world.start_reset(&ann.user_id).await;
    prove(&world, &reset, "email", MAIL).await;
    let done = world.set_password(&reset, NEW).await.expect(204);
    assert!(done.body.is_null() && !done.headers.contains_key("set-cookie"), "{done:?}");
    for bearer in [reset.bearer.clone(), format!("lks_{}", &reset.bearer[4..])] {
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.code(),
            "signInRequired"
        );
    }
}
