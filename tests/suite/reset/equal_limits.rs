//! Known and unknown accounts are indistinguishable at limits too: the same AWS calls,
//! answers and Retry-After, also for administrators, by phone, and for repeated
//! requests (invariant I13).

use crate::numbers::{WRONG, refusal};
use crate::reset::equal::{STATES, Seen, States, all_alike, calls, face, forget, states_in};
use domain::challenge::ChallengeId;
use domain::code::Code;
use domain::time::Span;
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;
use tests::{Answer, World};

const MOMENT: Span = Span(1);

/// The phone numbers of the accounts that can reset: a user and an administrator.
const PHONES: [(&str, &str); 2] =
    [("ann@example.com", "+61491570156"), ("eve@example.com", "+61491570157")];
/// A phone number of no account.
const OTHER_NUMBER: &str = "+61491570158";

/// Creates a test environment with an account in each state, with phones and with this
/// change of the policy.
async fn world(source_limit: u32, change: impl FnOnce(&mut Value)) -> World {
    let States { world, administrator, people } =
        states_in(World::with_source_limit(source_limit).await).await;
    let admin = world.session(&administrator).await;
    let phones = |policy: &mut Value| {
        policy["methods"] = json!(["email", "mobilePhone"]);
        policy["smsCountries"] = json!(["AU"]);
    };
    world.save_policy(&admin, phones).await.expect(200);
    for (user, number) in PHONES {
        let person = people.iter().find(|person| person.user_id == user).expect("the user");
        let bearer = world.session(person).await;
        let add = Ask::new("POST", "/v1/me/methods")
            .bearer(&bearer)
            .body(json!({ "kind": "mobilePhone", "destination": number }));
        let challenge = world.ask(add).await.expect(202).text("challengeId");
        world.verify(&bearer, &challenge, &code(&world, &challenge)).await.expect(200);
    }
    world.save_policy(&admin, change).await.expect(200);
    world.pump().await;
    world.pass(Span::hours(1));
    forget(&world).await;
    world
}

fn code(world: &World, challenge: &str) -> String {
    let id = ChallengeId::parse(challenge).expect("an id");
    Code::derive(&world.keys.current().codes, &id).reveal().to_owned()
}

/// Returns the account's phone number; for an account without one, any number.
fn number(user: &str) -> &'static str {
    PHONES.iter().find(|(of, _)| *of == user).map_or(PHONES[0].1, |(_, number)| number)
}

fn reset_of(started: &Answer) -> StartedReset {
    StartedReset {
        id: started.text("resetId"),
        bearer: started.text("bearer"),
        support_code: started.text("supportCode"),
    }
}

/// Does the same in each state, from a source of its own, and asserts that answers and AWS calls are alike.
/// Returns the answers of the first state.
async fn alike(
    world: &World,
    act: impl AsyncFn(usize, &'static str) -> Vec<Answer>,
) -> Vec<Answer> {
    let (mut seen, mut first) = (Vec::new(), Vec::new());
    for (n, (state, user)) in STATES.into_iter().enumerate() {
        world.set_source(&format!("192.0.2.{}", 10 + n));
        world.proxy.take_calls();
        let answers = act(n, user).await;
        let calls = calls(world);
        seen.push(Seen { state, calls, faces: answers.iter().map(face).collect() });
        if n == 0 {
            first = answers;
        }
    }
    all_alike(&seen);
    first
}

/// Starts a reset for each state, one after the other.
async fn resets(world: &World) -> Vec<StartedReset> {
    let mut resets = Vec::new();
    for (_, user) in STATES {
        resets.push(world.start_reset(user).await);
    }
    resets
}

fn codes(answers: &[Answer]) -> Vec<(u16, &str)> {
    answers.iter().map(|answer| (answer.status, answer.code())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_wrong_missing_or_invalid_number_is_answered_alike() {
    let world = world(100_000, |_| {}).await;
    let answers = alike(&world, async |_, user| {
        let started = world.ask_reset(user).await;
        let reset = reset_of(&started);
        let right = world.ask_sms(&reset, number(user)).await;
        let too_soon = world.ask_sms(&reset, number(user)).await;
        let guess = world.verify(&reset.bearer, &right.text("challengeId"), WRONG).await;
        let other = world.start_reset(user).await;
        let wrong = world.ask_sms(&other, OTHER_NUMBER).await;
        let missing = world.ask_code_by(&other, json!({ "kind": "mobilePhone" })).await;
        let none = world.ask_sms(&other, "0491 570 156").await;
        let guess_of_wrong = world.verify(&other.bearer, &wrong.text("challengeId"), WRONG).await;
        // Another code to the number ends the first one.
        world.pass(Span::seconds(30));
        world.ask_sms(&reset, number(user)).await.expect(202);
        let superseded = world
            .verify(
                &reset.bearer,
                &right.text("challengeId"),
                &code(&world, &right.text("challengeId")),
            )
            .await;
        vec![started, right, too_soon, guess, wrong, missing, none, guess_of_wrong, superseded]
    })
    .await;
    #[rustfmt::skip]
    assert_eq!(codes(&answers), [
        (201, ""), (202, ""), (429, "tooSoon"), (422, "codeNotAccepted"), (202, ""), (400, "invalidRequest"), (400, "invalidRequest"),
        (422, "codeNotAccepted"), (422, "codeNotAccepted"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_code_by_sms_takes_the_same_calls_and_is_accepted_only_for_accounts_that_can_reset()
{
    let world = world(100_000, |_| {}).await;
    let mut calls_of = Vec::new();
    for (state, user) in STATES {
        let reset = world.start_reset(user).await;
        let challenge = world.ask_sms(&reset, number(user)).await.expect(202).text("challengeId");
        let right = code(&world, &challenge);
        world.proxy.take_calls();
        let accepted = world.verify(&reset.bearer, &challenge, &right).await.status == 200;
        calls_of.push(calls(&world));
        assert_eq!(accepted, PHONES.iter().any(|(of, _)| *of == user), "{state}");
    }
    assert!(calls_of.iter().all(|calls| *calls == calls_of[0]), "{calls_of:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_requests_are_answered_alike() {
    let world = world(100_000, |_| {}).await;
    let answers = alike(&world, async |_, user| {
        let key = |ask: Ask| ask.header("idempotency-key", "one-and-the-same-key");
        let start = key(Ask::new("POST", "/v1/resets").body(json!({ "userId": user })));
        let (started, again) = (world.ask(start.clone()).await, world.ask(start).await);
        assert_eq!(started.body, again.body, "{user}");
        let reset = reset_of(&started);
        let path = format!("/v1/resets/{}/challenges", reset.id);
        let send =
            |body: Value| key(Ask::new("POST", path.clone()).bearer(&reset.bearer).body(body));
        let sms = json!({ "kind": "mobilePhone", "destination": number(user) });
        let (sent, sent_again) = (world.ask(send(sms.clone())).await, world.ask(send(sms)).await);
        let reused =
            world.ask(send(json!({ "kind": "mobilePhone", "destination": OTHER_NUMBER }))).await;
        let path = format!("/v1/challenges/{}/verify", sent.text("challengeId"));
        let verify = |code: &str| {
            key(Ask::new("POST", path.clone()).bearer(&reset.bearer).body(json!({ "code": code })))
        };
        let (wrong, wrong_again) = (world.ask(verify(WRONG)).await, world.ask(verify(WRONG)).await);
        let other = world.ask(verify("00000001")).await;
        vec![started, again, sent, sent_again, reused, wrong, wrong_again, other]
    })
    .await;
    #[rustfmt::skip]
    assert_eq!(codes(&answers), [
        (201, ""), (201, ""), (202, ""), (202, ""), (422, "idempotencyKeyReused"), (422, "codeNotAccepted"), (422, "codeNotAccepted"),
        (422, "idempotencyKeyReused"),
    ]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_sends_are_alike() {
    let change = |policy: &mut Value| {
        policy["limits"]["mailsPerTenMinutes"] = json!(2);
        policy["limits"]["smsPerHour"] = json!(1);
    };
    let world = world(100_000, change).await;
    let answers = alike(&world, async |_, user| {
        let mut answers = Vec::new();
        for _ in 0..3 {
            answers.push(world.ask_code(&world.start_reset(user).await).await);
        }
        for _ in 0..2 {
            answers.push(world.ask_sms(&world.start_reset(user).await, number(user)).await);
        }
        answers
    })
    .await;
    let (mail, sms) = (("tooSoon", Some("600")), ("tooSoon", Some("3600")));
    assert_eq!(
        answers.iter().map(refusal).collect::<Vec<_>>(),
        [("", None), ("", None), mail, ("", None), sms]
    );
    // The time windows end alike too: checked a millisecond before the end, and at the end.
    world.pass(Span(Span::minutes(10).0 - 1));
    let again = async || {
        alike(&world, async |_, user| vec![world.ask_code(&world.start_reset(user).await).await])
            .await
    };
    assert_eq!(refusal(&again().await[0]), ("tooSoon", Some("1")));
    world.pass(MOMENT);
    assert_eq!(refusal(&again().await[0]), ("", None));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_before_another_code_is_alike() {
    let world = world(100_000, |_| {}).await;
    let resets = resets(&world).await;
    let ask = async || {
        alike(&world, async |n, user| {
            vec![world.ask_code(&resets[n]).await, world.ask_sms(&resets[n], number(user)).await]
        })
        .await
    };
    let mut passed = Vec::new();
    for span in [
        Span(0),
        Span(0),
        Span(Span::seconds(30).0 - 1),
        MOMENT,
        Span::seconds(59),
        Span::seconds(1),
    ] {
        world.pass(span);
        let answers = ask().await;
        assert_eq!(refusal(&answers[0]), refusal(&answers[1]), "mail and SMS");
        passed.push(answers[0].headers.get("retry-after").cloned());
    }
    assert_eq!(
        passed,
        [None, Some("30"), Some("1"), None, Some("1"), None].map(|wait| wait.map(str::to_owned))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_per_source_address_is_alike() {
    let world = world(10, |policy| policy["limits"]["mailsPerTenMinutes"] = json!(20)).await;
    let answers = alike(&world, async |n, user| {
        let (here, elsewhere) = (format!("203.0.113.{n}"), format!("198.51.100.{n}"));
        let start = async |source: &str| {
            world
                .ask(Ask::new("POST", "/v1/resets").body(json!({ "userId": user })).source(source))
                .await
        };
        let send = async |reset: &StartedReset| {
            let path = format!("/v1/resets/{}/challenges", reset.id);
            world
                .ask(
                    Ask::new("POST", path)
                        .bearer(&reset.bearer)
                        .body(json!({ "kind": "email" }))
                        .source(&here),
                )
                .await
        };
        let mut answers = Vec::new();
        for _ in 0..10 {
            let started = start(&here).await;
            answers.push(send(&reset_of(&started)).await);
        }
        answers.push(start(&here).await);
        let other = reset_of(&start(&elsewhere).await);
        answers.push(send(&other).await);
        answers
    })
    .await;
    assert!(answers[..10].iter().all(|sent| sent.status == 202));
    assert_eq!(refusal(&answers[10]), ("tooManyFromAddress", Some("4200")));
    assert_eq!(refusal(&answers[11]), ("tooManyFromAddress", Some("4200")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_sms_budget_is_answered_alike() {
    let world = world(100_000, |policy| policy["limits"]["smsPerDay"] = json!(0)).await;
    let answers = alike(&world, async |_, user| {
        let started = world.ask_reset(user).await;
        let reset = reset_of(&started);
        let (sms, other) =
            (world.ask_sms(&reset, number(user)).await, world.ask_sms(&reset, OTHER_NUMBER).await);
        let mail = world.ask_code(&reset).await;
        vec![started, sms, other, mail]
    })
    .await;
    assert_eq!(answers[0].body["unavailable"], json!(["mobilePhone"]));
    let left = (world.now().next_day() - world.now()).whole_seconds().to_string();
    let refused = ("smsUnavailable", Some(left.as_str()));
    assert_eq!(
        answers[1..].iter().map(refusal).collect::<Vec<_>>(),
        [refused, refused, ("", None)]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_reset_is_answered_alike_until_it_opens() {
    let world = world(100_000, |policy| policy["limits"]["failedGuesses"] = json!(3)).await;
    let answers = alike(&world, async |_, user| {
        let reset = world.start_reset(user).await;
        let sent = world.ask_sms(&reset, number(user)).await;
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(world.verify(&reset.bearer, &sent.text("challengeId"), WRONG).await);
        }
        answers.push(world.ask_sms(&reset, number(user)).await);
        // Another number, and mail, stay open.
        answers.push(world.ask_sms(&reset, OTHER_NUMBER).await);
        answers.push(world.ask_code(&reset).await);
        answers
    })
    .await;
    let closed = ("resetClosed", Some("86400"));
    let (wrong, sent) = (("codeNotAccepted", None), ("", None));
    assert_eq!(
        answers.iter().map(refusal).collect::<Vec<_>>(),
        [wrong, wrong, wrong, closed, closed, sent, sent]
    );
    let again = async || {
        alike(&world, async |_, user| {
            vec![world.ask_sms(&world.start_reset(user).await, number(user)).await]
        })
        .await
    };
    world.pass(Span::hours(23));
    assert_eq!(refusal(&again().await[0]), ("resetClosed", Some("3600")));
    world.pass(Span(Span::hours(1).0 - 1));
    assert_eq!(refusal(&again().await[0]), ("resetClosed", Some("1")));
    world.pass(MOMENT);
    // The next code removes the old count, with the same AWS calls.
    assert_eq!(again().await[0].status, 202);
}
