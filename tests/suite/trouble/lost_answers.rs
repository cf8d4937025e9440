//! `Idempotency-Key` after a lost answer: repeating the step completes it.

use super::idempotency::{KEY, count, long, result};
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_repeated_although_its_session_has_moved_on() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;

    let sign_in = |password: &str| {
        let body = json!({ "userId": "ann@example.com", "password": password });
        Ask::new("POST", "/v1/sign-in").header(KEY, long("sign-in")).body(body)
    };
    let before = count(&world, "SESSION#").await;
    let first = world.ask(sign_in(&ann.password)).await.expect(200);
    assert_eq!(result(&world.ask(sign_in(&ann.password)).await), result(&first));
    assert_eq!(count(&world, "SESSION#").await - before, 1);

    let bearer = first.text("bearer");
    let add = json!({ "kind": "email", "destination": "ann.private@example.com" });
    let add = Ask::new("POST", "/v1/me/methods").bearer(&bearer).header(KEY, long("add")).body(add);
    let sent = world.ask(add.clone()).await.expect(202);
    assert_eq!(result(&world.ask(add).await), result(&sent));
    let code = world.code_for("ann.private@example.com").await;
    assert_eq!(world.standins.inbox().to("ann.private@example.com").len(), 1);
    let verify = Ask::new("POST", format!("/v1/challenges/{}/verify", sent.text("challengeId")))
        .bearer(&bearer)
        .header(KEY, long("verify"));
    let verify = verify.body(json!({ "code": code }));
    let verified = world.ask(verify.clone()).await.expect(200);
    assert_eq!(result(&world.ask(verify).await), result(&verified));

    let finish =
        Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer).header(KEY, long("finish"));
    let done = world.ask(finish.clone()).await.expect(200);
    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.code(),
        "signInRequired",
        "the older bearer is dead"
    );
    assert_eq!(result(&world.ask(finish.clone()).await), result(&done));

    let confirm = |bearer: &str, password: &str, key: &str| {
        Ask::new("POST", "/v1/session/confirm")
            .bearer(bearer)
            .header(KEY, long(key))
            .body(json!({ "password": password }))
    };
    // A repeated wrong password counts once.
    let bearer = done.text("bearer");
    for _ in 0..12 {
        assert_eq!(
            world.ask(confirm(&bearer, "a wrong password", "wrong")).await.code(),
            "currentPasswordWrong"
        );
    }
    let proved = world.ask(confirm(&bearer, &ann.password, "right")).await.expect(200);
    assert_eq!(result(&world.ask(confirm(&bearer, &ann.password, "right")).await), result(&proved));

    // A repeat does not revive an ended session.
    world.ask(Ask::new("DELETE", "/v1/sessions").bearer(&proved.text("bearer"))).await.expect(204);
    assert_eq!(world.ask(finish).await.code(), "signInRequired");
    assert_eq!(world.ask(sign_in(&ann.password)).await.code(), "signInRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_creation_does_not_lose_the_temporary_password() {
    let world = World::new().await;
    let administrator = world.administrator().await;
    let admin = world.session(&administrator).await;
    let act = |path: &str, key: &str| {
        Ask::new("POST", path.to_owned()).bearer(&admin).header(KEY, long(key))
    };
    let create = act("/v1/users", "create").body(json!({ "userId": "ann", "name": "Ann" }));
    let first = world.ask(create.clone()).await.expect(201);
    assert_eq!(result(&world.ask(create.clone()).await), result(&first));
    let without = Ask { headers: Vec::new(), ..create.clone() };
    assert_eq!(world.ask(without).await.code(), "userExists");
    world.sign_in("ann", &first.text("temporaryPassword")).await.expect(200);

    let issue = act("/v1/users/ann/temporary-password", "issue");
    let issued = world.ask(issue.clone()).await.expect(200);
    assert_ne!(issued.text("temporaryPassword"), first.text("temporaryPassword"));
    world.pass(Span::minutes(1));
    assert_eq!(result(&world.ask(issue.clone()).await), result(&issued));
    world.sign_in("ann", &issued.text("temporaryPassword")).await.expect(200);

    for (path, key) in
        [("/v1/users/ann/unlock", "unlock"), ("/v1/users/ann/require-registration", "require")]
    {
        let before = count(&world, "AUDIT#").await;
        for _ in 0..3 {
            world.ask(act(path, key)).await.expect(204);
        }
        assert_eq!(count(&world, "AUDIT#").await - before, 1, "{path}");
    }

    // An account created again with the same user ID is a different account, and an
    // ended session gets no recorded answer.
    let seen = world.ask(Ask::new("GET", "/v1/users/ann").bearer(&admin)).await.expect(200);
    world
        .ask(
            Ask::new("DELETE", "/v1/users/ann")
                .bearer(&admin)
                .header("if-match", &seen.headers["etag"]),
        )
        .await
        .expect(204);
    assert_eq!(world.ask(create.clone()).await.code(), "notFound");
    world.pass(Span::minutes(1));
    world
        .ask(
            Ask::new("POST", "/v1/users")
                .bearer(&admin)
                .body(json!({ "userId": "ann", "name": "Ann" })),
        )
        .await
        .expect(201);
    assert_eq!(world.ask(issue.clone()).await.code(), "notFound");
    world.ask(Ask::new("DELETE", "/v1/sessions").bearer(&admin)).await.expect(204);
    for ask in [create, issue, act("/v1/users/ann/unlock", "unlock")] {
        assert_eq!(world.ask(ask).await.code(), "signInRequired");
    }
}
