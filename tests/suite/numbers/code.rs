//! Codes at both ends of their ranges: digits, lifetime, guesses.

use crate::numbers::{Numbers, WRONG};
use domain::time::Span;
use serde_json::json;

const MAIL: &str = "ann.private@example.com";
const ANN: &str = "ann@example.com";

async fn world() -> Numbers {
    let it = Numbers::new().await;
    it.person(ANN, &[("email", MAIL)]).await;
    it.set(&[("/limits/mailsPerTenMinutes", 20), ("/limits/failedGuesses", 90)]).await;
    it
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_has_the_policys_number_of_digits() {
    let it = world().await;
    for digits in [6, 8] {
        // Allows one guess, to show that a text that cannot be a code does not count as one.
        it.set(&[("/code/digits", digits), ("/code/guesses", 1)]).await;
        it.world.pump().await;
        let reset = it.world.start_reset(ANN).await;
        let sent = it.world.ask_code(&reset).await.expect(202);
        assert_eq!(sent.body["digits"], json!(digits));
        let (challenge, code) = (sent.text("challengeId"), it.world.code_for(MAIL).await);
        assert_eq!((code.len(), code.as_str()), (digits as usize, it.code(&challenge).as_str()));
        for spelling in ["12345", "123456789"] {
            let refused = it.world.verify(&reset.bearer, &challenge, spelling).await.expect(400);
            assert_eq!(refused.body["errors"][0]["code"], "notACode", "{spelling}");
        }
        it.world.verify(&reset.bearer, &challenge, &code).await.expect(200);
    }
    // A code with more or fewer digits is a wrong code.
    for (digits, other) in [(6, "0000000"), (8, "0000000")] {
        it.set(&[("/code/digits", digits), ("/code/guesses", 1)]).await;
        let (reset, challenge) = it.under_way(ANN).await;
        assert_eq!(
            it.world.verify(&reset.bearer, &challenge, other).await.code(),
            "codeNotAccepted"
        );
        let right = it.code(&challenge);
        assert_eq!(
            it.world.verify(&reset.bearer, &challenge, &right).await.code(),
            "codeNotAccepted",
            "its one guess is used"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_ends_exactly_at_the_policys_lifetime() {
    let it = world().await;
    for minutes in [1, 10] {
        it.set(&[("/code/lifetimeMinutes", minutes), ("/resetLifetimeMinutes", 30)]).await;
        let lifetime = Span::minutes(minutes.into());
        for (passed, accepted) in
            [(Span(lifetime.0 - 1), true), (lifetime, false), (Span(lifetime.0 + 1), false)]
        {
            let reset = it.world.start_reset(ANN).await;
            let sent = it.world.ask_code(&reset).await.expect(202);
            assert_eq!(sent.text("expiresAt"), (it.world.now() + lifetime).to_string());
            let challenge = sent.text("challengeId");
            it.world.pass(passed);
            let answer = it.world.verify(&reset.bearer, &challenge, &it.code(&challenge)).await;
            assert_eq!(
                (answer.status, answer.code()),
                if accepted { (200, "") } else { (422, "codeNotAccepted") },
                "{minutes}: {passed:?}"
            );
            assert_eq!(
                it.world.next_in(&reset).await,
                if accepted { "password" } else { "method" }
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_allows_the_policys_number_of_guesses() {
    let it = world().await;
    for guesses in [1, 10] {
        it.set(&[("/code/guesses", guesses)]).await;
        for (wrong, accepted) in [(guesses - 1, true), (guesses, false), (guesses + 1, false)] {
            let (reset, challenge) = it.under_way(ANN).await;
            it.world.proxy.take_calls();
            for _ in 0..wrong {
                assert_eq!(
                    it.world.verify(&reset.bearer, &challenge, WRONG).await.code(),
                    "codeNotAccepted"
                );
            }
            let right = it.world.verify(&reset.bearer, &challenge, &it.code(&challenge)).await;
            assert_eq!(
                right.status == 200,
                accepted,
                "{guesses} guesses, {wrong} wrong: {right:?}"
            );
            let charged = it
                .world
                .proxy
                .take_calls()
                .iter()
                .filter(|call| call.is_charge() && call.done())
                .count();
            assert_eq!(
                charged as u32,
                guesses.min(wrong + 1),
                "without a guess left, nothing is charged or compared"
            );
        }
    }
}
