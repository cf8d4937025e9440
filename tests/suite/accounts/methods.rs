//! Administrators remove a user's methods, and the help desk requires a user to register again.

use crate::accounts::helpdesk::{ADDRESS, ann, audit_entry, of_ann, staffed};
use domain::time::Span;
use serde_json::json;
use tests::world::Ask;

#[tokio::test(flavor = "multi_thread")]
async fn requiring_registration_keeps_methods_and_asks_for_each_again() {
    let (world, admin, desk) = staffed().await;
    let ann = ann();
    // A reset is in progress and stays valid.
    let under_way = world.start_reset(&ann.user_id).await;
    let challenge = world.send_code(&under_way).await;
    let code = world.code_for(ADDRESS).await;
    world.verify(&under_way.bearer, &challenge, &code).await.expect(200);
    assert_eq!(
        world.sign_in(&ann.user_id, &ann.password).await.expect(200).body["next"],
        json!(null)
    );

    world.pass(Span::minutes(1));
    world.ask(of_ann(&desk, "POST", "/require-registration")).await.expect(204);
    assert_eq!(world.ask(of_ann(&desk, "GET", "")).await.body["registeredAt"], json!(null));
    audit_entry(&world, "registrationRequired").await;
    let methods = world.ask(of_ann(&admin, "GET", "/methods")).await.expect(200).body;
    assert_eq!(
        (&methods["registered"], methods["methods"]["email"].is_object()),
        (&json!([]), true),
        "{methods}"
    );
    let can_reset = world.ask(of_ann(&desk, "GET", "/can-reset")).await.expect(200).body;
    assert_eq!(can_reset["canReset"], true, "the kept method can still reset");

    let signed_in = world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    assert_eq!(
        (&signed_in.body["next"], &signed_in.body["reach"]),
        (&json!("register"), &json!("register"))
    );
    let session = signed_in.text("bearer");
    let finish = Ask::new("POST", "/v1/me/registration/finish").bearer(&session);
    assert_eq!(world.ask(finish.clone()).await.expect(409).code(), "methodMissing");
    let mails = world.standins.inbox().to(ADDRESS).len();
    let add = json!({ "kind": "email", "destination": ADDRESS });
    let sent =
        world.ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add)).await.expect(202);
    let code = world.code_for(ADDRESS).await;
    world.verify(&session, &sent.text("challengeId"), &code).await.expect(200);
    world.pump().await;
    assert_eq!(
        world.standins.inbox().to(ADDRESS).len(),
        mails + 1,
        "only the code: proving the same address sends no notice"
    );
    assert_eq!(world.ask(finish).await.expect(200).body["next"], json!(null));
    assert_eq!(
        world.sign_in(&ann.user_id, &ann.password).await.expect(200).body["next"],
        json!(null)
    );
    world.set_password(&under_way, "a new and longer ptarmigan").await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_method_ends_its_codes_and_sends_a_notice() {
    let (world, admin, _) = staffed().await;
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(ADDRESS).await;
    assert_eq!(
        world.ask(of_ann(&admin, "DELETE", "/methods/mobilePhone")).await.expect(404).code(),
        "notFound"
    );
    assert_eq!(
        world.ask(of_ann(&admin, "DELETE", "/methods/pigeon")).await.expect(404).code(),
        "notFound"
    );

    world.ask(of_ann(&admin, "DELETE", "/methods/email")).await.expect(204);
    world.pump().await;
    let newest = world.standins.inbox().to(ADDRESS).pop().expect("a notice");
    assert_eq!(
        newest.subject.as_deref(),
        Some("A verification method was removed from your Latchkey account")
    );
    assert_eq!(audit_entry(&world, "methodRemoved").await["kind"]["S"], "email");
    assert_eq!(
        world.verify(&reset.bearer, &challenge, &code).await.expect(422).code(),
        "codeNotAccepted"
    );
    let methods = world.ask(of_ann(&admin, "GET", "/methods")).await.expect(200).body;
    assert_eq!((&methods["methods"], &methods["pending"]), (&json!({}), &json!({})));
    assert_eq!(
        world.ask(of_ann(&admin, "GET", "/can-reset")).await.body["reason"],
        "notEnoughMethods"
    );
    assert_eq!(
        world.ask(of_ann(&admin, "DELETE", "/methods/email")).await.expect(404).code(),
        "notFound"
    );
    assert_eq!(
        world
            .sign_in("ann@example.com", "a long ptarmigan of ann@example.com")
            .await
            .expect(200)
            .body["next"],
        "register"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_removed_after_its_proof_resets_nothing() {
    let (world, admin, _) = staffed().await;
    let reset = world.start_reset("ann@example.com").await;
    let challenge = world.send_code(&reset).await;
    let code = world.code_for(ADDRESS).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    world.ask(of_ann(&admin, "DELETE", "/methods/email")).await.expect(204);
    assert_eq!(world.set_password(&reset, "a new and longer ptarmigan").await.code(), "resetEnded");
}

#[tokio::test(flavor = "multi_thread")]
async fn removing_a_method_also_removes_a_pending_address() {
    let (world, admin, _) = staffed().await;
    let bob = world.user(&admin, json!({ "userId": "bob", "name": "Bob" })).await;
    let session = world.session(&bob).await;
    let add = json!({ "kind": "email", "destination": "bob.private@example.com" });
    let sent =
        world.ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add)).await.expect(202);
    let code = world.code_for("bob.private@example.com").await;
    let methods =
        world.ask(Ask::new("GET", "/v1/users/bob/methods").bearer(&admin)).await.expect(200).body;
    assert_eq!(methods["pending"]["email"]["destination"], "b•••@example.com", "masked");
    world.ask(Ask::new("DELETE", "/v1/users/bob/methods/email").bearer(&admin)).await.expect(204);
    assert_eq!(
        world.verify(&session, &sent.text("challengeId"), &code).await.expect(422).code(),
        "codeNotAccepted"
    );
    world.pump().await;
    assert_eq!(
        world.standins.inbox().to("bob.private@example.com").len(),
        1,
        "only the code: a pending address gets no notice"
    );
}
