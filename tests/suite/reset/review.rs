//! The review of the methods after a reset: an attacker who knew the old password may have
//! added one.

use super::phone::{make_registration_optional, reason};
use crate::session::registration::{me, step};
use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::method::RECENT_METHOD;
use domain::session::LIMITED;
use domain::time::Span;
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, Person, World};

type Method = (&'static str, &'static str);

const MAIL: Method = ("email", "ann.private@example.com");
const PHONE: Method = ("mobilePhone", "+61491570156");
/// Methods of an attacker.
const THEIR_MAIL: Method = ("email", "mallory@example.net");
const THEIR_PHONE: Method = ("mobilePhone", "+61491570157");
const NEW: &str = "a new and longer ptarmigan";

/// Creates a test environment that allows mail and phones, and a user with these methods, which
/// they added 30 days ago. Registration is optional.
async fn world_with(methods: &[Method]) -> (World, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    make_registration_optional(&world, &admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    world.register_all(&ann, methods).await;
    world.pass(Span::days(30));
    (world, ann)
}

async fn admin(world: &World) -> String {
    world
        .sign_in("admin@example.com", "a ptarmigan for the administrator")
        .await
        .expect(200)
        .text("bearer")
}

/// Resets the password by one method. Returns the reset.
async fn reset_by(world: &World, ann: &Person, (kind, address): Method) -> StartedReset {
    let reset = world.start_reset(&ann.user_id).await;
    world.prove(&reset, kind, address).await;
    world.set_password(&reset, NEW).await.expect(204);
    world.pump().await;
    reset
}

/// Signs in with the new password. Returns the answer.
async fn sign_in(world: &World, ann: &Person) -> Answer {
    world.sign_in(&ann.user_id, NEW).await.expect(200)
}

async fn methods(world: &World, bearer: &str) -> Value {
    world.ask(Ask::new("GET", "/v1/me/methods").bearer(bearer)).await.expect(200).body
}

/// Whether the method waits for its owner's review.
fn unreviewed(methods: &Value, (kind, _): Method) -> bool {
    methods["methods"][kind]["unreviewed"].as_bool().unwrap_or_else(|| panic!("{methods}"))
}

/// Returns the number of messages to an address.
fn messages(world: &World, (_, address): Method) -> usize {
    world.standins.inbox().to(address).len()
}

/// Returns what an answer says of the next step: its name, the reach of the session, and until
/// when it may be postponed.
fn asked(answer: &Answer) -> [Value; 3] {
    ["next", "reach", "postponeUntil"].map(|field| answer.body[field].clone())
}

/// Removes a method in this session, or fails with this status.
async fn remove(world: &World, bearer: &str, (kind, _): Method, status: u16) {
    let remove = Ask::new("DELETE", format!("/v1/me/methods/{kind}")).bearer(bearer);
    world.ask(remove).await.expect(status);
}

/// Starts a reset and asks for a code to a method. Returns the reset, and why no code was sent.
async fn refused(world: &World, ann: &Person, method: Method) -> (StartedReset, String) {
    world.pump().await;
    let before = messages(world, method);
    let reset = world.start_reset(&ann.user_id).await;
    let body = json!({ "kind": method.0, "destination": method.1 });
    let sent = world.ask_code_by(&reset, body).await.expect(202);
    let why = reason(world, &reset).await;
    assert_eq!(messages(world, method), before, "no code is sent");
    // Even the right code would prove nothing.
    let id = ChallengeId::parse(&sent.text("challengeId")).expect("an ID");
    let code = Code::derive(&world.keys.current().codes, &id);
    world.verify(&reset.bearer, &id.to_string(), code.reveal()).await.expect(200);
    assert_eq!(world.next_in(&reset).await, "method");
    assert_eq!(world.set_password(&reset, "the ptarmigan of a thief").await.code(), "proofMissing");
    world.pass(Span::minutes(1));
    (reset, why)
}

#[tokio::test(flavor = "multi_thread")]
async fn a56_a_method_added_with_a_stolen_password_does_not_survive_the_owners_reset() {
    let table: [(&str, &[Method], Method, Method); 4] = [
        ("a phone beside the owner's mail", &[MAIL], THEIR_PHONE, MAIL),
        ("a phone in place of the owner's", &[MAIL, PHONE], THEIR_PHONE, MAIL),
        ("a mail beside the owner's phone", &[PHONE], THEIR_MAIL, PHONE),
        ("a mail in place of the owner's", &[MAIL, PHONE], THEIR_MAIL, PHONE),
    ];
    for (what, owned, theirs, own) in table {
        let (world, ann) = world_with(owned).await;
        // The attacker adds a method, and leaves another address pending.
        let attacker = world.session(&ann).await;
        world.add_method(&attacker, theirs.0, theirs.1).await;
        let other = if own.0 == "email" { "mallory.too@example.net" } else { "+61491570158" };
        let pending = json!({ "kind": own.0, "destination": other });
        let add = Ask::new("POST", "/v1/me/methods").bearer(&attacker).body(pending);
        world.ask(add).await.expect(202);
        world.pass(Span::days(3));
        let attacker = world.session(&ann).await;

        let at = world.now();
        reset_by(&world, &ann, own).await;
        assert_eq!(me(&world, &attacker).await.code(), "signInRequired", "{what}");
        assert_eq!(world.sign_in(&ann.user_id, &ann.password).await.code(), "signInFailed");
        assert_eq!(refused(&world, &ann, theirs).await.1, "methodUnreviewed", "{what}");

        // The owner's next sign-in asks for a review, which cannot be skipped.
        let session = sign_in(&world, &ann).await;
        let review = [json!("review"), json!("register"), Value::Null];
        assert_eq!(asked(&session), review, "{what}");
        assert_eq!(session.text("expiresAt"), (world.now() + LIMITED).to_string());
        let bearer = session.text("bearer");
        assert_eq!(world.ask(step(&bearer, "postpone")).await.code(), "postponeOver", "{what}");
        let finished = world.ask(step(&bearer, "finish")).await.expect(200);
        assert_eq!(asked(&finished), review, "{what}");
        let bearer = finished.text("bearer");
        let shown = methods(&world, &bearer).await;
        assert_eq!(shown["reviewSince"], at.to_string(), "{what}");
        assert_eq!(shown["pending"], json!({}), "{what}: the pending address is gone");
        assert_eq!([theirs, own].map(|method| unreviewed(&shown, method)), [true, false], "{what}");

        // The owner removes the method and confirms the rest.
        remove(&world, &bearer, theirs, 204).await;
        remove(&world, &bearer, theirs, 404).await;
        assert_eq!(refused(&world, &ann, theirs).await.1, "methodChanged", "{what}");
        let done = world.ask(step(&bearer, "reconfirm")).await.expect(200);
        let full = [Value::Null, json!("full"), Value::Null];
        assert_eq!(asked(&done), full, "{what}");
        let again = world.ask(step(&done.text("bearer"), "reconfirm")).await;
        assert_eq!(again.code(), "nothingDue", "{what}");
        let session = sign_in(&world, &ann).await;
        assert_eq!(asked(&session), full, "{what}");
        let shown = methods(&world, &session.text("bearer")).await;
        assert_eq!((&shown["reviewSince"], unreviewed(&shown, own)), (&Value::Null, false));
        world.pass(Span::hours(1));
        reset_by(&world, &ann, own).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_its_owner_confirms_or_changes_can_reset_again() {
    for change in [false, true] {
        let (world, ann) = world_with(&[MAIL]).await;
        let session = world.session(&ann).await;
        world.add_method(&session, PHONE.0, PHONE.1).await;
        reset_by(&world, &ann, MAIL).await;
        assert_eq!(refused(&world, &ann, PHONE).await.1, "methodUnreviewed");
        let session = sign_in(&world, &ann).await.text("bearer");
        // To verify another number in the review is a review of it, too.
        let phone = if change { THEIR_PHONE } else { PHONE };
        if change {
            world.add_method(&session, phone.0, phone.1).await;
            assert!(!unreviewed(&methods(&world, &session).await, phone));
        }
        world.ask(step(&session, "reconfirm")).await.expect(200);
        assert!(!unreviewed(
            &methods(&world, &sign_in(&world, &ann).await.text("bearer")).await,
            phone
        ));
        world.pass(Span::hours(1));
        reset_by(&world, &ann, phone).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_recent_methods_that_did_not_prove_the_reset_wait_for_the_review() {
    // The owner's mail is old. Their phone is as old as the table says.
    let table = [
        ("new", Span(0), false, MAIL, true),
        ("a moment less than a week old", Span(RECENT_METHOD.0 - 1), false, MAIL, true),
        ("a week old", RECENT_METHOD, false, MAIL, false),
        ("older, and the same number verified again", RECENT_METHOD, true, MAIL, false),
        ("new, but it proved the reset", Span(0), false, PHONE, false),
    ];
    for (what, age, again, by, waits) in table {
        let (world, ann) = world_with(&[MAIL]).await;
        let session = world.session(&ann).await;
        world.add_method(&session, PHONE.0, PHONE.1).await;
        let added = world.now();
        world.pass(age);
        if again {
            world.add_method(&world.session(&ann).await, PHONE.0, PHONE.1).await;
        }
        reset_by(&world, &ann, by).await;
        let session = sign_in(&world, &ann).await;
        assert_eq!(session.body["next"], "review", "{what}: every reset asks for a review");
        let shown = methods(&world, &session.text("bearer")).await;
        assert_eq!(shown["methods"]["mobilePhone"]["addedAt"], added.to_string(), "{what}");
        assert_eq!(
            [PHONE, MAIL].map(|method| unreviewed(&shown, method)),
            [waits, false],
            "{what}"
        );
        world.pass(Span::minutes(1));
        if !waits {
            // Usable before the review, too.
            reset_by(&world, &ann, PHONE).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_needs_two_kinds_reviews_them_and_both_stay_usable() {
    let (world, ann) = world_with(&[MAIL]).await;
    let session = world.session(&ann).await;
    world.add_method(&session, PHONE.0, PHONE.1).await;
    world.switch_on_phones(&admin(&world).await, 2).await;
    for round in 0..2 {
        let reset = world.start_reset(&ann.user_id).await;
        for (kind, address) in [MAIL, PHONE] {
            world.prove(&reset, kind, address).await;
        }
        world.set_password(&reset, NEW).await.expect(204);
        let session = sign_in(&world, &ann).await;
        assert_eq!(session.body["next"], "review", "round {round}");
        let shown = methods(&world, &session.text("bearer")).await;
        assert_eq!([MAIL, PHONE].map(|method| unreviewed(&shown, method)), [false, false]);
        world.pass(Span::hours(1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_review_comes_after_a_temporary_password_and_before_all_other_steps() {
    let (world, ann) = world_with(&[MAIL, PHONE]).await;
    let admin = admin(&world).await;
    let of_ann =
        |path: &str| Ask::new("POST", format!("/v1/users/{}/{path}", ann.user_id)).bearer(&admin);
    reset_by(&world, &ann, MAIL).await;

    // A temporary password is changed first.
    let issued = world.ask(of_ann("temporary-password")).await.expect(200);
    let temporary = issued.text("temporaryPassword");
    let session = world.sign_in(&ann.user_id, &temporary).await.expect(200);
    assert_eq!(session.body["next"], "changePassword");
    assert_eq!(world.ask(step(&session.text("bearer"), "reconfirm")).await.code(), "stepRequired");
    let change = json!({ "currentPassword": temporary, "newPassword": NEW });
    let change = Ask::new("PUT", "/v1/me/password").bearer(&session.text("bearer")).body(change);
    assert_eq!(world.ask(change).await.expect(200).body["next"], "review");

    // The review goes before a registration that is required again, and leads to it.
    world
        .save_policy(&admin, |policy| policy["registration"]["required"] = json!(true))
        .await
        .expect(200);
    world.ask(of_ann("require-registration")).await.expect(204);
    let session = sign_in(&world, &ann).await;
    assert_eq!(session.body["next"], "review");
    let next = world.ask(step(&session.text("bearer"), "reconfirm")).await.expect(200);
    let until = (world.now() + Span::days(7)).to_string();
    assert_eq!(asked(&next), [json!("register"), json!("register"), json!(until)]);

    // An account that left the scope, and one without any method, must review too.
    world.pass(Span::minutes(20));
    let session = sign_in(&world, &ann).await.text("bearer");
    world.add_method(&session, MAIL.0, MAIL.1).await;
    world.ask(step(&session, "finish")).await.expect(200);
    reset_by(&world, &ann, MAIL).await;
    let off = |policy: &mut Value| policy["scope"] = json!({ "type": "none" });
    world.save_policy(&admin, off).await.expect(200);
    let session = sign_in(&world, &ann).await;
    assert_eq!(asked(&session), [json!("review"), json!("register"), Value::Null]);
    for method in [MAIL, PHONE] {
        remove(&world, &session.text("bearer"), method, 204).await;
    }
    assert_eq!(me(&world, &session.text("bearer")).await.body["next"], "review");
    let done = world.ask(step(&session.text("bearer"), "reconfirm")).await.expect(200);
    assert_eq!(done.body["next"], Value::Null);
    assert_eq!(sign_in(&world, &ann).await.body["next"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_and_the_notices_name_the_methods() {
    let (world, ann) = world_with(&[MAIL]).await;
    let newest =
        |(_, address): Method| world.standins.inbox().to(address).pop().expect("a message");
    let list = |mail: &str| -> Vec<String> {
        mail.lines().filter_map(|line| Some(line.strip_prefix("- ")?.to_owned())).collect()
    };
    let attacker = world.session(&ann).await;
    world.add_method(&attacker, THEIR_PHONE.0, THEIR_PHONE.1).await;
    world.pump().await;
    let (mail, phone) = ("Email: a•••@example.com", "Phone: •••57");
    assert_eq!(list(&newest(MAIL).text), [mail, phone], "{}", newest(MAIL).text);

    reset_by(&world, &ann, MAIL).await;
    let waits =
        format!("{phone} (cannot reset your password until you check it at your next sign-in)");
    let notice = newest(MAIL);
    assert_eq!(list(&notice.text), [mail, &waits], "{}", notice.text);
    assert!(notice.html.expect("HTML").contains(&format!("<li>{waits}</li>")));
    assert_eq!(
        newest(THEIR_PHONE).text,
        "Latchkey: your password was reset. Methods that can reset it: 1. Not you? Tell the help desk."
    );
    let path = format!("/v1/users/{}/methods", ann.user_id);
    let seen = world.ask(Ask::new("GET", path).bearer(&admin(&world).await)).await.expect(200);
    assert!(unreviewed(&seen.body, THEIR_PHONE) && !unreviewed(&seen.body, MAIL), "{seen:?}");

    let session = sign_in(&world, &ann).await.text("bearer");
    remove(&world, &session, THEIR_PHONE, 204).await;
    world.pump().await;
    assert_eq!(list(&newest(MAIL).text), [mail]);
    remove(&world, &session, MAIL, 204).await;
    world.pump().await;
    let last = newest(MAIL).text;
    assert!(last.contains("Your account has no verification methods now."), "{last}");
}
