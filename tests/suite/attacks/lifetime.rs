//! Lifetime: certain changes of the account end all its earlier codes, resets and
//! sessions, and do not affect later ones.

use super::{MAIL, NEW, account, ask_code, code_of, hash, ledger, one_kind, prove, start_method};
use crate::accounts::users::{delete, patch};
use crate::house::tour::other;
use domain::time::Span;
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Person, World};

/// A change of the account that ends earlier codes, resets and sessions.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Cause {
    PasswordChanged,
    AnotherReset,
    SignedOutEverywhere,
    AddressChanged,
    MethodRemoved,
    MethodRemovedByAdministrator,
    TemporaryPassword,
    Disabled,
    RoleChanged,
}

const CAUSES: [Cause; 9] = [
    Cause::PasswordChanged,
    Cause::AnotherReset,
    Cause::SignedOutEverywhere,
    Cause::AddressChanged,
    Cause::MethodRemoved,
    Cause::MethodRemovedByAdministrator,
    Cause::TemporaryPassword,
    Cause::Disabled,
    Cause::RoleChanged,
];

/// The codes, resets and session that were created before the change.
struct Before {
    admin: String,
    ann: Person,
    /// The bearer token of a session with all rights of its role, which is registering an address.
    session: String,
    pending: (String, String),
    /// Two resets in which the mail address is proved.
    proved: [StartedReset; 2],
    /// A reset with a requested code that is not entered yet.
    waiting: StartedReset,
    code: (String, String),
}

async fn before(world: &World, admin: String, ann: Person) -> Before {
    let session = world.session(&ann).await;
    let pending = start_method(world, &session, "email", "ann.other@example.com").await;
    let proved = [world.start_reset(&ann.user_id).await, world.start_reset(&ann.user_id).await];
    for reset in &proved {
        prove(world, reset, "email", MAIL).await;
    }
    let waiting = world.start_reset(&ann.user_id).await;
    let code = ask_code(world, &waiting, "email", MAIL).await;
    Before { admin, ann, session, pending, proved, waiting, code }
}

async fn happen(world: &World, cause: Cause, it: &Before) {
    let by_administrator = |method, rest: &str| {
        Ask::new(method, format!("/v1/users/{}{rest}", it.ann.user_id)).bearer(&it.admin)
    };
    let mine = |method, path: &str| Ask::new(method, path).bearer(&it.session);
    let change =
        async |change| drop(patch(world, &it.admin, &it.ann.user_id, change).await.expect(200));
    match cause {
        Cause::PasswordChanged => {
            let body = json!({ "currentPassword": it.ann.password, "newPassword": "another ptarmigan, chosen by its owner" });
            world.ask(mine("PUT", "/v1/me/password").body(body)).await.expect(200);
        }
        Cause::AnotherReset => drop(world.set_password(&it.proved[1], NEW).await.expect(204)),
        Cause::SignedOutEverywhere => {
            drop(world.ask(mine("DELETE", "/v1/sessions")).await.expect(204))
        }
        Cause::AddressChanged => {
            drop(world.verify(&it.session, &it.pending.0, &it.pending.1).await.expect(200))
        }
        Cause::MethodRemoved => {
            drop(world.ask(mine("DELETE", "/v1/me/methods/email")).await.expect(204))
        }
        Cause::MethodRemovedByAdministrator => {
            drop(world.ask(by_administrator("DELETE", "/methods/email")).await.expect(204))
        }
        Cause::TemporaryPassword => {
            drop(world.ask(by_administrator("POST", "/temporary-password")).await.expect(200))
        }
        Cause::Disabled => {
            change(json!({ "enabled": false })).await;
            change(json!({ "enabled": true })).await;
        }
        Cause::RoleChanged => {
            change(json!({ "role": "helpDesk" })).await;
            change(json!({ "role": "user" })).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_codes_and_resets_from_before_any_account_change_are_dead() {
    for cause in CAUSES {
        let (world, admin, ann) = one_kind().await;
        world.pump().await;
        let it = before(&world, admin, ann).await;
        happen(&world, cause, &it).await;
        let (after, codes) =
            (hash(&world, &it.ann.user_id).await, world.standins.inbox().to(MAIL).len());
        let moved = [Cause::PasswordChanged, Cause::AnotherReset, Cause::TemporaryPassword]
            .contains(&cause);

        let verified = world.verify(&it.waiting.bearer, &it.code.0, &it.code.1).await;
        assert_eq!(verified.code(), "codeNotAccepted", "{cause:?}: the right code of a reset");
        assert_eq!(
            world.set_password(&it.waiting, "the ptarmigan of a thief").await.code(),
            "proofMissing",
            "{cause:?}"
        );
        assert_eq!(
            world.set_password(&it.proved[0], "the ptarmigan of a thief").await.code(),
            "resetEnded",
            "{cause:?}"
        );
        let registered = world.verify(&it.session, &it.pending.0, &it.pending.1).await;
        assert!(
            ["codeNotAccepted", "signInRequired"].contains(&registered.code()),
            "{cause:?}: {registered:?}"
        );

        // A code requested in an ended reset is never sent and never accepted.
        world.pump().await;
        world.standins.inbox().clear();
        world.pass(Span::minutes(1));
        for reset in [&it.proved[0], &it.waiting] {
            if world.ask_code(reset).await.status == 202 {
                world.pump().await;
                assert!(
                    world.standins.inbox().all().is_empty(),
                    "{cause:?}: more codes than {codes}"
                );
            }
            let challenge =
                ledger(&world, &it.ann.user_id, "reset:email").await["slot0"]["M"]["id"]["S"]
                    .clone();
            if let Some(challenge) = challenge.as_str() {
                world.verify(&reset.bearer, challenge, &code_of(&world, challenge)).await;
            }
            let set = world.set_password(reset, "the ptarmigan of a thief").await;
            assert!(["resetEnded", "proofMissing"].contains(&set.code()), "{cause:?}: {set:?}");
        }
        assert_eq!(hash(&world, &it.ann.user_id).await, after, "{cause:?}");
        if !moved {
            world.sign_in(&it.ann.user_id, &it.ann.password).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_a_code_that_crosses_an_account_change_is_not_accepted_although_its_slot_stays() {
    // The change comes after the guess was read and before it is counted, or before it is accepted.
    let gates: [fn(&str, &Value) -> bool; 2] = [
        |_, body| body.to_string().contains("ADD #fails") && body.to_string().contains("reset:"),
        |_, body| body.to_string().contains("ADD #verified"),
    ];
    for cause in CAUSES.into_iter().map(Some).chain([None]) {
        for (place, fits) in gates.into_iter().enumerate() {
            let (world, admin, ann) = one_kind().await;
            let it = before(&world, admin, ann).await;
            let slot = ledger(&world, &it.ann.user_id, "reset:email").await["slot2"].clone();
            let gate = world.proxy.hold(fits);
            let late = tokio::spawn({
                let (world, bearer) = (world.clone(), it.waiting.bearer.clone());
                let (challenge, code) = it.code.clone();
                async move { world.verify(&bearer, &challenge, &code).await }
            });
            gate.arrived(1).await;
            match cause {
                Some(cause) => happen(&world, cause, &it).await,
                // The account is deleted and its user ID created again.
                None => {
                    delete(&world, &it.admin, &it.ann.user_id).await.expect(204);
                    let made = json!({ "userId": it.ann.user_id, "name": "Another Ann" });
                    let made = Ask::new("POST", "/v1/users").bearer(&it.admin).body(made);
                    world.ask(made).await.expect(201);
                }
            }
            let after = hash(&world, &it.ann.user_id).await;
            let now = ledger(&world, &it.ann.user_id, "reset:email").await["slot2"].clone();
            assert_eq!(now, slot, "{cause:?}: the challenge is stored as before");
            gate.open();
            let late = late.await.expect("an answer");
            assert_eq!(late.code(), "codeNotAccepted", "{cause:?}, {place}");
            let set = world.set_password(&it.waiting, "the ptarmigan of a thief").await;
            assert_eq!(set.code(), "proofMissing", "{cause:?}, {place}");
            assert_eq!(hash(&world, &it.ann.user_id).await, after, "{cause:?}, {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a23_a_cancelled_reset_and_a_first_password_are_dead_too() {
    let (world, admin, ann) = one_kind().await;
    let it = before(&world, admin, ann).await;
    for reset in [&it.proved[0], &it.waiting] {
        world
            .ask(Ask::new("DELETE", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await
            .expect(204);
        assert_eq!(world.set_password(reset, NEW).await.code(), "resetEnded");
        assert_eq!(world.ask_code(reset).await.code(), "resetEnded");
    }
    assert_eq!(
        world.verify(&it.waiting.bearer, &it.code.0, &it.code.1).await.code(),
        "codeNotAccepted"
    );
    // Cancelling one reset does not end another.
    world.set_password(&it.proved[1], NEW).await.expect(204);

    // A new temporary password ends the earlier one.
    let world = World::new().await;
    let first =
        json!({ "createFirstAdministrator": { "userId": "ada@example.com", "name": "Ada" } });
    let (one, two) = (
        world.invoke_directly("directory", first.clone()).await,
        world.invoke_directly("directory", first).await,
    );
    let password = |made: &serde_json::Value| {
        made["temporaryPassword"].as_str().expect("a password").to_owned()
    };
    assert_eq!(world.sign_in("ada@example.com", &password(&one)).await.code(), "signInFailed");
    world.sign_in("ada@example.com", &password(&two)).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a11_a_recreated_user_id_is_another_account_even_with_the_same_generation() {
    let (world, admin, ann) = one_kind().await;
    let session = world.session(&ann).await;
    let reset = world.start_reset(&ann.user_id).await;
    prove(&world, &reset, "email", MAIL).await;
    let old = account(&world, &ann.user_id).await;
    delete(&world, &admin, &ann.user_id).await.expect(204);
    // A generation begins at the creation time and increases by one.
    let generation: i64 =
        old["generation"]["N"].as_str().expect("a number").parse().expect("milliseconds");
    assert!(generation > world.now().0, "the user changed the temporary password");
    world.pass(Span(generation - world.now().0));
    let made = json!({ "userId": ann.user_id, "name": "Another Ann" });
    world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(made)).await.expect(201);
    let new = account(&world, &ann.user_id).await;
    assert_eq!(new["generation"], old["generation"]);

    assert_eq!(
        world.ask(Ask::new("GET", "/v1/me").bearer(&session)).await.code(),
        "signInRequired"
    );
    assert_eq!(world.set_password(&reset, NEW).await.code(), "resetEnded");
    assert_eq!(account(&world, &ann.user_id).await, new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a24_a_guess_at_an_older_challenge_leaves_the_newer_one_as_it_was_issued() {
    for right in [true, false] {
        let (world, _, ann) = one_kind().await;
        let reset = world.start_reset(&ann.user_id).await;
        let (older, code) = ask_code(&world, &reset, "email", MAIL).await;
        world.pass(Span::seconds(30));
        // The proxy holds the guess before its DynamoDB write while a newer challenge is issued.
        let gate = world.proxy.hold(|_, body| body.to_string().contains("ADD #fails"));
        let guess = if right { code.clone() } else { other(&code) };
        let late = tokio::spawn({
            let (world, bearer, older) = (world.clone(), reset.bearer.clone(), older.clone());
            async move { world.verify(&bearer, &older, &guess).await }
        });
        gate.arrived(1).await;
        let (newer, newer_code) = ask_code(&world, &reset, "email", MAIL).await;
        let issued = ledger(&world, &ann.user_id, "reset:email").await;
        assert_eq!(issued["slot0"]["M"]["id"]["S"], newer.as_str());
        gate.open();
        assert_eq!(late.await.expect("an answer").code(), "codeNotAccepted", "right: {right}");
        assert_eq!(ledger(&world, &ann.user_id, "reset:email").await, issued, "right: {right}");

        // The newer challenge has all its guesses and its full lifetime.
        for _ in 0..4 {
            assert_eq!(
                world.verify(&reset.bearer, &newer, &other(&newer_code)).await.code(),
                "codeNotAccepted"
            );
        }
        world.pass(Span(Span::minutes(5).0 - 1));
        world.verify(&reset.bearer, &newer, &newer_code).await.expect(200);
        assert_eq!(account(&world, &ann.user_id).await["enabled"]["BOOL"], true);
    }
}
