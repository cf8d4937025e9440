//! Temporary passwords: they must be changed, they expire after seven days, and a new
//! one ends earlier ones and all sessions.

use crate::accounts::helpdesk::{ADDRESS, ann, audit_entry, of_ann, staffed};
use crate::accounts::users::{create, tag, together, world};
use domain::time::Span;
use serde_json::json;
use tests::Answer;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_temporary_password_ends_the_old_password_sessions_codes_and_the_lockout() {
    let (world, admin, _) = staffed().await;
    let ann = ann();
    let session = world.session(&ann).await;
    let reset = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(ADDRESS).await;
    for n in 0..10 {
        world.sign_in(&ann.user_id, &format!("a wrong password {n}")).await.expect(401);
    }
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInLocked");

    let issued = world.ask(of_ann(&admin, "POST", "/temporary-password")).await.expect(200);
    let until = (world.now() + Span::days(7)).to_string();
    assert_eq!(issued.body["temporaryPasswordExpiresAt"], json!(until));
    assert_eq!(issued.body["user"]["temporaryPasswordUntil"], json!(until));
    assert_eq!(issued.headers["etag"], tag(&world, &admin, "ann@example.com").await);
    let temporary = issued.text("temporaryPassword");
    world.pump().await;
    let newest = world.standins.inbox().to(ADDRESS).pop().expect("a notice");
    assert_eq!(newest.subject.as_deref(), Some("An administrator reset your Latchkey password"));
    assert!(!newest.text.contains(&temporary));
    audit_entry(&world, "temporaryPasswordIssued").await;

    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.code(),
        "signInRequired"
    );
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
    assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInFailed");
    let signed_in = world.sign_in(&ann.user_id, &temporary).await.expect(200);
    assert_eq!(signed_in.body["next"], "changePassword");

    let again = world
        .ask(of_ann(&admin, "POST", "/temporary-password"))
        .await
        .expect(200)
        .text("temporaryPassword");
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&signed_in.text("bearer"))).await.code(),
        "signInRequired"
    );
    assert_eq!(
        world.sign_in(&ann.user_id, &temporary).await.code(),
        "signInFailed",
        "the older one no longer works"
    );
    world.pass(Span(Span::days(7).0 - 1));
    world.sign_in(&ann.user_id, &again).await.expect(200);
    world.pass(Span(1));
    assert_eq!(world.sign_in(&ann.user_id, &again).await.code(), "signInFailed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_sixteen_temporary_passwords_issued_at_once_only_the_last_stored_works() {
    for _ in 0..5 {
        let (world, admin) = world().await;
        let made = world
            .ask(create(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })))
            .await
            .expect(201);
        let issue = |_| {
            let (world, ask) = (world.clone(), of_ann(&admin, "POST", "/temporary-password"));
            async move { world.ask(ask).await }
        };
        let answers: Vec<Answer> = together((0..16).map(issue)).await;
        let issued: Vec<&Answer> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert!(
            !issued.is_empty() && answers.iter().all(|answer| [200, 503].contains(&answer.status)),
            "{answers:?}"
        );
        let last = issued
            .iter()
            .max_by_key(|answer| answer.body["user"]["revision"].as_u64())
            .expect("one")
            .text("temporaryPassword");
        let mut works = Vec::new();
        for password in issued
            .iter()
            .map(|answer| answer.text("temporaryPassword"))
            .chain([made.text("temporaryPassword")])
        {
            let status = world.sign_in("ann@example.com", &password).await.status;
            // Clears the wrong passwords, since ten would lock sign-in.
            world.ask(of_ann(&admin, "POST", "/unlock")).await.expect(204);
            works.extend((status == 200).then_some(password));
        }
        assert_eq!(works, [last]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_password_must_be_changed_and_ends_after_seven_days() {
    let (world, admin) = world().await;
    let made =
        world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    let temporary = made.text("temporaryPassword");

    // A session with a temporary password may only change it.
    for _ in 0..2 {
        let session = world.sign_in("ann", &temporary).await.expect(200);
        assert_eq!(
            (&session.body["next"], &session.body["reach"]),
            (&json!("changePassword"), &json!("changePassword"))
        );
        let bearer = session.text("bearer");
        for ask in
            [Ask::new("GET", "/v1/me/methods"), Ask::new("POST", "/v1/me/registration/finish")]
        {
            assert_eq!(world.ask(ask.bearer(&bearer)).await.expect(403).code(), "stepRequired");
        }
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.expect(200).body["next"],
            "changePassword"
        );
    }
    world.pass(Span(Span::days(7).0 - 1));
    world.sign_in("ann", &temporary).await.expect(200);
    world.pass(Span(1));
    assert_eq!(
        world.sign_in("ann", &temporary).await.expect(401).code(),
        "signInFailed",
        "the answer does not say why"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_temporary_password_no_longer_signs_in() {
    let (world, admin) = world().await;
    let made =
        world.ask(create(&admin, json!({ "userId": "ann", "name": "Ann" }))).await.expect(201);
    let temporary = made.text("temporaryPassword");
    let first = world.sign_in("ann", &temporary).await.expect(200).text("bearer");
    let other = world.sign_in("ann", &temporary).await.expect(200).text("bearer");
    let change = |current: &str, new: &str| {
        Ask::new("PUT", "/v1/me/password")
            .bearer(&first)
            .body(json!({ "currentPassword": current, "newPassword": new }))
    };

    #[rustfmt::skip]
    let refused = [
        (temporary.as_str(), temporary.as_str(), "passwordRefused"), (temporary.as_str(), "too short", "passwordRefused"), ("wrong", "a long ptarmigan of ann", "currentPasswordWrong"),
    ];
    for (current, new, code) in refused {
        assert_eq!(world.ask(change(current, new)).await.expect(422).code(), code, "{new}");
    }
    let changed = world.ask(change(&temporary, "a long ptarmigan of ann")).await.expect(200);
    assert_eq!(changed.body["next"], json!(null));
    for old in [&first, &other] {
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me").bearer(old)).await.expect(401).code(),
            "signInRequired"
        );
    }
    world.ask(Ask::new("GET", "/v1/me").bearer(&changed.text("bearer"))).await.expect(200);
    assert_eq!(world.sign_in("ann", &temporary).await.code(), "signInFailed");
    world.pass(Span::days(8));
    world.sign_in("ann", "a long ptarmigan of ann").await.expect(200);
}
