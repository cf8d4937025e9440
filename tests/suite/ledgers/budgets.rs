//! Budgets of failed guesses: exact for each kind and each typed number, and for all known devices
//! together, under parallel load, conflicts and lost answers.

use super::{ANN, Asked, BY_MAIL, MADE_UP, NEW, NUMBER, OF_DEVICES, Owner, guess, nth_wrong};
use crate::trouble::races::at_once;
use domain::time::{Span, Time};
use serde_json::json;
use std::collections::BTreeMap;
use tests::{Call, Fault};

/// The budget of a ledger in these tests.
const BUDGET: usize = 20;
/// The guesses of all known devices together.
const DEVICES: usize = 5;

/// Limits under which three codes allow more guesses than [`BUDGET`].
const LIMITS: [(&str, u32); 4] = [
    ("/limits/failedGuesses", BUDGET as u32),
    ("/code/guesses", 10),
    ("/limits/mailsPerTenMinutes", 20),
    ("/limits/smsPerHour", 20),
];

/// Codes by mail, for the account's number, for a made-up number, and of two devices, each in a
/// reset of its own.
async fn twelve_codes(it: &Owner) -> Vec<Asked> {
    let devices = [it.device().await, it.device().await];
    let mut asked = Vec::new();
    for _ in 0..3 {
        for number in [None, Some(NUMBER), Some(MADE_UP)] {
            asked.push(it.asked(None, number).await);
        }
    }
    for (device, number) in [(0, None), (1, Some(NUMBER)), (1, None)] {
        asked.push(it.asked(Some(&devices[device]), number).await);
    }
    asked
}

/// How many wrong guesses each ledger was charged with, by its name, from the recorded calls.
fn charged(calls: &[Call]) -> BTreeMap<String, usize> {
    let mut count = BTreeMap::new();
    for call in calls.iter().filter(|call| call.is_charge() && call.done()) {
        for member in call.body["TransactItems"].as_array().into_iter().flatten() {
            let update = &member["Update"];
            let adds = update["UpdateExpression"].as_str().unwrap_or_default();
            if adds.contains("ADD #fails") {
                let name = update["Key"]["sk"]["S"].as_str().expect("a name").to_owned();
                *count.entry(name).or_default() += 1;
            }
        }
    }
    count
}

/// Guesses 200 times at once, at all codes in turn, and never with the right code.
async fn two_hundred_guesses(it: &Owner, codes: &[Asked]) -> Vec<tests::Answer> {
    let asks = (0..200).map(|n| {
        let asked = &codes[n % codes.len()];
        guess(asked, &nth_wrong(&it.code(asked), n / codes.len()))
    });
    at_once(&it.world, asks.collect()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a13_each_kind_each_number_and_all_devices_together_are_charged_exactly_their_budget() {
    for _ in 0..3 {
        let it = Owner::new(&LIMITS).await;
        let codes = twelve_codes(&it).await;
        it.world.proxy.take_calls();
        let answers = two_hundred_guesses(&it, &codes).await;
        let refusals = ["codeNotAccepted", "resetClosed"];
        assert!(answers.iter().all(|answer| refusals.contains(&answer.code())));
        let names: Vec<String> = codes.iter().map(|asked| it.ledger_of(asked)).collect();
        let expected: BTreeMap<String, usize> = names
            .iter()
            .map(|name| (name.clone(), if name == OF_DEVICES { DEVICES } else { BUDGET }))
            .collect();
        assert_eq!(expected.len(), 4, "{expected:?}");
        assert_eq!(charged(&it.world.proxy.take_calls()), expected);
        // The right code is refused now, even where its challenge has guesses left.
        for asked in &codes {
            assert_eq!(it.right(asked).await.code(), "resetClosed", "{}", it.ledger_of(asked));
            assert_eq!(it.world.set_password(&asked.reset, NEW).await.code(), "proofMissing");
        }
        // Another made-up number has a count of its own.
        let other = it.asked(None, Some("+61491570158")).await;
        assert_eq!(it.wrong(&other).await.code(), "codeNotAccepted");
        assert_eq!(charged(&it.world.proxy.take_calls()).len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a13_conflicts_and_lost_answers_add_no_guess_to_any_budget() {
    let mut lost = false;
    for fault in [Fault::Conflict, Fault::LoseReply] {
        let it = Owner::new(&LIMITS).await;
        let codes = twelve_codes(&it).await;
        let mut charges = 0;
        it.world.proxy.set_rule(move |_, body| {
            charges += usize::from(body.to_string().contains("ADD #fails"));
            let meets = body.to_string().contains("ADD #fails") && charges % 3 == 0;
            meets.then_some(fault)
        });
        let answers = two_hundred_guesses(&it, &codes).await;
        it.world.proxy.clear_rule();
        lost |= answers.iter().any(|answer| answer.status == 503);
        assert!(answers.iter().all(|answer| answer.status != 200));
        for asked in &codes {
            let name = it.ledger_of(asked);
            let budget = if name == OF_DEVICES { DEVICES } else { BUDGET };
            // A request that gave up was not compared. What it left of the budget is used now.
            for n in 0..budget {
                it.guess(asked, &nth_wrong(&it.code(asked), 100 + n)).await;
            }
        }
        for asked in &codes {
            let name = it.ledger_of(asked);
            let budget = if name == OF_DEVICES { DEVICES } else { BUDGET };
            assert_eq!(it.fails(&name).await, budget, "{fault:?}: {name}");
            assert_eq!(it.right(asked).await.code(), "resetClosed", "{fault:?}: {name}");
        }
    }
    eprintln!("a request gave up: {lost}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn a13_guesses_of_a_kind_never_exceed_95_in_24_hours_with_the_highest_number_and_five_devices()
 {
    const HIGHEST: usize = 90;
    let it = Owner::new(&[
        ("/limits/failedGuesses", HIGHEST as u32),
        ("/code/guesses", 10),
        ("/limits/mailsPerTenMinutes", 20),
        ("/limits/mailsPerDay", 200),
        ("/limits/resendWaitSeconds", 15),
    ])
    .await;
    let mut devices = Vec::new();
    for _ in 0..5 {
        devices.push(it.device().await);
    }
    it.world.proxy.take_calls();
    let mut guesses: Vec<Time> = Vec::new();
    // For two and a half days, a thief of five device tokens guesses whenever a code is issued: on
    // one of the devices, and as a stranger.
    for step in 0..120 {
        let device = &devices[step % devices.len()];
        let mut asks = Vec::new();
        for device in [Some(device.as_str()), None, None] {
            let reset = it.start(device).await;
            let sent = it.send(&reset, None).await;
            if sent.status == 202 {
                let asked = Asked { reset, challenge: sent.text("challengeId") };
                let right = it.code(&asked);
                asks.extend((0..12).map(|n| guess(&asked, &nth_wrong(&right, n))));
            } else {
                assert!(["resetClosed", "tooSoon"].contains(&sent.code()), "{sent:?}");
            }
        }
        if !asks.is_empty() {
            at_once(&it.world, asks).await;
        }
        let charged: usize = charged(&it.world.proxy.take_calls()).values().sum();
        guesses.extend(vec![it.world.now(); charged]);
        it.world.pass(Span::minutes(30));
    }
    let in_a_day = |from: &Time| {
        guesses.iter().filter(|at| *at >= from && **at < *from + Span::hours(24)).count()
    };
    let most = guesses.iter().map(in_a_day).max();
    assert_eq!(most, Some(HIGHEST + DEVICES));
    assert!(guesses.len() > HIGHEST + DEVICES, "the budgets open again: {}", guesses.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a13_the_right_code_for_a_number_that_is_not_the_accounts_proves_nothing() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    for device in [None, Some(device.as_str())] {
        let asked = it.asked(device, Some(MADE_UP)).await;
        // The code was never sent. Each number has a budget, so no budget limits guesses at all.
        it.world.standins.inbox().clear();
        it.world.pump().await;
        assert!(it.world.standins.inbox().all().is_empty());
        assert_eq!(it.right(&asked).await.code(), "codeNotAccepted");
        assert_eq!(it.world.next_in(&asked.reset).await, "method");
        assert_eq!(it.world.set_password(&asked.reset, NEW).await.code(), "proofMissing");
        // It is counted as a wrong code.
        assert_eq!(it.fails(&it.ledger_of(&asked)).await, 1);
    }
    // A typed mail address is compared too, although the policy does not ask for it.
    let reset = it.start(None).await;
    let body = json!({ "kind": "email", "destination": "ann.other@example.com" });
    let challenge = it.world.ask_code_by(&reset, body).await.expect(202).text("challengeId");
    let asked = Asked { reset, challenge };
    assert_eq!(it.ledger_of(&asked), BY_MAIL);
    assert_eq!(it.right(&asked).await.code(), "codeNotAccepted");
    // The account's own, in any case, is accepted.
    it.world.pass(Span::minutes(1));
    let reset = it.start(None).await;
    let body = json!({ "kind": "email", "destination": "Ann.Private@example.com" });
    let challenge = it.world.ask_code_by(&reset, body).await.expect(202).text("challengeId");
    it.right(&Asked { reset, challenge }).await.expect(200);
    assert_eq!(it.world.sign_in(ANN, &it.ann.password).await.status, 200);
}
