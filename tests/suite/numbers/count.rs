//! Limits of failed guesses at both ends of their ranges: when reset closes, when it
//! reopens, and actions that do not reopen it.

use crate::numbers::{NUMBER, Numbers, WRONG, refusal};
use domain::time::Span;
use serde_json::json;
use tests::Answer;
use tests::people::StartedReset;
use tests::world::Ask;

const ANN: &str = "ann@example.com";
const DAY: Span = Span::hours(24);
const MOMENT: Span = Span(1);

/// Creates a test environment in which a code allows ten guesses and an account twenty mails.
async fn world(numbers: &[(&str, u32)]) -> Numbers {
    let it = Numbers::new().await;
    it.set(
        &[
            &[
                ("/code/guesses", 10),
                ("/limits/mailsPerTenMinutes", 20),
                ("/limits/smsPerHour", 20),
            ],
            numbers,
        ]
        .concat(),
    )
    .await;
    it
}

impl Numbers {
    async fn guess(&self, (reset, challenge): &(StartedReset, String), code: &str) -> Answer {
        self.world.verify(&reset.bearer, challenge, code).await
    }

    async fn right(&self, under_way: &(StartedReset, String)) -> Answer {
        self.guess(under_way, &self.code(&under_way.1)).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reset_closes_at_exactly_the_policys_number_of_failed_guesses() {
    let it = world(&[]).await;
    for (cap, user) in [(3, "ann@example.com"), (90, "bob@example.com")] {
        it.person(user, &[("email", &format!("private.{user}"))]).await;
        it.set(&[("/limits/failedGuesses", cap)]).await;
        it.fail(user, cap - 1).await;
        // One below the limit, a right code is accepted and does not reduce the count.
        it.proved(user).await;
        let last = it.under_way(user).await;
        it.world.pass(Span::minutes(1));
        assert_eq!(
            it.guess(&last, WRONG).await.code(),
            "codeNotAccepted",
            "{cap}: the last compared guess"
        );

        // Reset is closed to the right code, to another code and to another reset.
        let closed = ("resetClosed", Some("86400"));
        assert_eq!(refusal(&it.right(&last).await), closed, "{cap}");
        assert_eq!(refusal(&it.world.ask_code(&last.0).await), closed, "{cap}");
        assert_eq!(refusal(&it.world.ask_first_code(user).await), closed, "{cap}");
        it.world.pass(Span(DAY.0 - 1));
        assert_eq!(
            refusal(&it.world.ask_first_code(user).await),
            ("resetClosed", Some("1")),
            "{cap}: a moment before the day ends"
        );
        it.world.pass(MOMENT);
        // A full count expires as a whole.
        it.fail(user, cap - 1).await;
        it.proved(user).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_guess_leaves_after_24_hours_and_a_full_count_24_hours_after_its_last_guess() {
    let it = world(&[("/limits/failedGuesses", 3)]).await;
    let (early, late, full) = ("early@example.com", "late@example.com", "full@example.com");
    for user in [early, late, full] {
        it.fail(user, 1).await;
    }
    it.world.pass(Span::hours(1));
    for user in [early, late] {
        it.fail(user, 1).await;
    }
    it.fail(full, 2).await;
    assert_eq!(refusal(&it.world.ask_first_code(full).await), ("resetClosed", Some("86400")));

    it.world.pass(Span(Span::hours(23).0 - 1));
    it.fail(early, 1).await;
    assert_eq!(
        refusal(&it.world.ask_first_code(early).await),
        ("resetClosed", Some("86400")),
        "the first guess still counts"
    );
    assert_eq!(
        refusal(&it.world.ask_first_code(full).await),
        ("resetClosed", Some("3601")),
        "an hour after the first guess left"
    );
    it.world.pass(MOMENT);
    it.fail(late, 1).await;
    it.world.ask_first_code(late).await.expect(202);
    it.fail(late, 1).await;
    assert_eq!(
        it.world.ask_first_code(late).await.code(),
        "resetClosed",
        "two from an hour ago and one now"
    );

    it.world.pass(Span(Span::hours(1).0 - 1));
    assert_eq!(refusal(&it.world.ask_first_code(full).await), ("resetClosed", Some("1")));
    it.world.pass(MOMENT);
    it.world.ask_first_code(full).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_completed_reset_ends_the_count() {
    let it = world(&[
        ("/limits/failedGuesses", 3),
        ("/kindsRequired", 2),
        ("/limits/resendWaitSeconds", 15),
    ])
    .await;
    let addresses = [("email", "ann.private@example.com"), ("mobilePhone", NUMBER)];
    it.person(ANN, &addresses).await;
    // Proves both kinds of method and sets a password.
    let complete = async || {
        let reset = it.proved(ANN).await;
        let sent = it.world.ask_sms(&reset, NUMBER).await.expect(202).text("challengeId");
        it.right(&(reset.clone(), sent)).await.expect(200);
        it.world.set_password(&reset, "vellum quartz otter juniper").await.expect(204);
    };

    it.fail(ANN, 2).await;
    complete().await;
    // The count starts again at zero.
    let mut mail = it.under_way(ANN).await;
    assert_eq!(it.guess(&mail, WRONG).await.code(), "codeNotAccepted");
    it.world.pass(Span::seconds(15));
    mail.1 = it.world.send_code(&mail.0).await;
    assert_eq!(
        it.guess(&mail, WRONG).await.code(),
        "codeNotAccepted",
        "the second guess, after a resend"
    );
    // Proving the mailbox again and again does not reduce the count.
    for _ in 0..3 {
        let reset = it.proved(ANN).await;
        assert_eq!(it.world.next_in(&reset).await, "method");
    }
    // The phone has a count of its own, and so has each number that is not the account's.
    let reset = it.proved(ANN).await;
    for number in ["+61491570157", NUMBER] {
        let sms = it.world.ask_sms(&reset, number).await.expect(202).text("challengeId");
        for _ in 0..2 {
            let sms = (reset.clone(), sms.clone());
            assert_eq!(it.guess(&sms, WRONG).await.code(), "codeNotAccepted", "{number}");
        }
        it.world.pass(Span::seconds(15));
    }
    let mail = it.under_way(ANN).await;
    assert_eq!(it.guess(&mail, WRONG).await.code(), "codeNotAccepted", "the third guess by mail");
    assert_eq!(refusal(&it.right(&mail).await), ("resetClosed", Some("86400")));
    assert_eq!(refusal(&it.world.ask_first_code(ANN).await), ("resetClosed", Some("86400")));
    it.world.ask_sms(&mail.0, NUMBER).await.expect(202);
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_guesses_at_registration_have_their_own_count_and_never_close_reset() {
    let it = world(&[]).await;
    for (cap, user) in [(3, "ann@example.com"), (100, "bob@example.com")] {
        let person = it.person(user, &[("email", &format!("private.{user}"))]).await;
        it.set(&[("/limits/failedRegistrationGuesses", cap), ("/limits/failedGuesses", 3)]).await;
        let other = |n: u32| json!({ "kind": "email", "destination": format!("other{n}.{user}") });
        // A new session for each code, to avoid the wait between codes.
        let start = async |n: u32| {
            let bearer = it.world.session(&person).await;
            let answer = it
                .world
                .ask(Ask::new("POST", "/v1/me/methods").bearer(&bearer).body(other(n)))
                .await;
            (bearer, answer)
        };
        let mut failed = 0;
        while failed < cap - 1 {
            let (bearer, sent) = start(failed).await;
            let challenge = sent.expect(202).text("challengeId");
            let round = (cap - 1 - failed).min(10);
            for _ in 0..round {
                assert_eq!(
                    it.world.verify(&bearer, &challenge, WRONG).await.code(),
                    "codeNotAccepted"
                );
            }
            failed += round;
        }
        let (bearer, sent) = start(cap).await;
        let challenge = sent.expect(202).text("challengeId");
        let code = it.code(&challenge);
        it.world.verify(&bearer, &challenge, &code).await.expect(200);

        let (bearer, sent) = start(cap + 1).await;
        let challenge = sent.expect(202).text("challengeId");
        let code = it.code(&challenge);
        assert_eq!(
            it.world.verify(&bearer, &challenge, WRONG).await.code(),
            "codeNotAccepted",
            "{cap}: the last compared guess"
        );
        let wait = ("tooSoon", Some("86400"));
        assert_eq!(refusal(&it.world.verify(&bearer, &challenge, &code).await), wait, "{cap}");
        assert_eq!(refusal(&start(cap + 2).await.1), wait, "{cap}");
        // Reset stays open.
        it.proved(user).await;

        it.world.pass(Span(DAY.0 - 1));
        assert_eq!(refusal(&start(cap + 2).await.1), ("tooSoon", Some("1")), "{cap}");
        it.world.pass(MOMENT);
        start(cap + 2).await.1.expect(202);
    }
}
