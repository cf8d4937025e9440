//! Each lifetime ends exactly at its time (attack A21). The embedded table never deletes expired
//! items in these tests, so each refusal comes from a comparison of times.

use domain::session::{FULL, IDLE, LIMITED};
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

const CODE: Span = Span::minutes(5);
const RESET: Span = Span::minutes(15);
const MOMENT: Span = Span(1);

fn just_before(span: Span) -> Span {
    Span(span.0 - 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_code_is_accepted_a_moment_before_its_end_and_refused_at_it() {
    for (passed, accepted) in [(just_before(CODE), true), (CODE, false), (Span(CODE.0 + 1), false)]
    {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = world.send_code(&reset).await;
        let code = world.code_for("ann.private@example.com").await;
        world.pass(passed);
        let answer = world.verify(&reset.bearer, &challenge, &code).await;
        assert_eq!(answer.status == 200, accepted, "after {passed:?}: {answer:?}");
        assert!(accepted || answer.code() == "codeNotAccepted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_code_of_a_registration_ends_exactly_too() {
    for (passed, accepted) in [(just_before(CODE), true), (CODE, false)] {
        let world = World::new().await;
        let admin = world.session(&world.administrator().await).await;
        let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
        let session = world.session(&ann).await;
        let add = json!({ "kind": "email", "destination": "ann.private@example.com" });
        let sent = world
            .ask(Ask::new("POST", "/v1/me/methods").bearer(&session).body(add))
            .await
            .expect(202);
        let code = world.code_for("ann.private@example.com").await;
        world.pass(passed);
        assert_eq!(
            world.verify(&session, &sent.text("challengeId"), &code).await.status == 200,
            accepted
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_reset_lives_fifteen_minutes_and_not_a_moment_longer() {
    for (passed, open) in [(just_before(RESET), true), (RESET, false)] {
        let world = World::new().await;
        let (_, ann) = world.ready().await;
        let reset = world.start_reset(&ann.user_id).await;
        world.prove(&reset, "email", "ann.private@example.com").await;
        world.pass(passed);
        let view = world
            .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
            .await;
        let sent = world.ask_code(&reset).await;
        let set = world.set_password(&reset, "a new and longer ptarmigan").await;
        assert_eq!(
            (view.status, sent.status, set.status),
            if open { (200, 202, 204) } else { (410, 410, 410) }
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_code_does_not_outlive_its_reset() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let reset = world.start_reset(&ann.user_id).await;
    world.pass(Span(RESET.0 - Span::minutes(1).0));
    let challenge = world.send_code(&reset).await;
    let code = world.code_for("ann.private@example.com").await;
    world.pass(Span::minutes(1));
    assert_eq!(world.verify(&reset.bearer, &challenge, &code).await.code(), "codeNotAccepted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_full_session_ends_after_twelve_hours_however_much_it_is_used() {
    let world = World::new().await;
    let bearer = world.session(&world.administrator().await).await;
    let me = || world.ask(Ask::new("GET", "/v1/me").bearer(&bearer));
    let step = Span::minutes(30);
    for _ in 0..(FULL.0 / step.0 - 1) {
        world.pass(step);
        me().await.expect(200);
    }
    world.pass(just_before(step));
    me().await.expect(200);
    world.pass(MOMENT);
    assert_eq!(me().await.code(), "signInRequired");
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_an_unused_session_ends_after_an_hour() {
    let world = World::new().await;
    let ada = world.administrator().await;
    for (passed, alive) in [(just_before(IDLE), true), (IDLE, false)] {
        let bearer = world.session(&ada).await;
        world.pass(passed);
        assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.status == 200, alive);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_for_registration_alone_ends_after_twenty_minutes() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on(&admin).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    for (passed, alive) in [(just_before(LIMITED), true), (LIMITED, false)] {
        let bearer = world.session(&ann).await;
        world.pass(passed);
        assert_eq!(
            world.ask(Ask::new("GET", "/v1/me/methods").bearer(&bearer)).await.status == 200,
            alive
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a21_a_temporary_password_signs_in_for_seven_days() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let bob = json!({ "userId": "bob@example.com", "name": "Bob" });
    let made = world.ask(Ask::new("POST", "/v1/users").bearer(&admin).body(bob)).await.expect(201);
    world.pass(just_before(Span::days(7)));
    assert_eq!(world.sign_in("bob@example.com", &made.text("temporaryPassword")).await.status, 200);
    world.pass(MOMENT);
    assert_eq!(
        world.sign_in("bob@example.com", &made.text("temporaryPassword")).await.code(),
        "signInFailed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_step_makes_a_session_outlive_twelve_hours_from_the_password() {
    let world = World::new().await;
    let (_, ann) = world.ready().await;
    let mut bearer = world.session(&ann).await;
    let step = Span::minutes(50);
    let mut passed = Span(0);
    while passed.0 + step.0 < FULL.0 {
        world.pass(step);
        passed.0 += step.0;
        bearer = world
            .ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer))
            .await
            .expect(200)
            .text("bearer");
    }
    world.pass(Span(FULL.0 - passed.0 - 1));
    world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.expect(200);
    world.pass(MOMENT);
    assert_eq!(world.ask(Ask::new("GET", "/v1/me").bearer(&bearer)).await.code(), "signInRequired");
}
