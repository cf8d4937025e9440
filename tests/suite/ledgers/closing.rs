//! Closing a ledger: what it closes, where it is told, what the help desk sees, and what opens it.

use super::{ANN, BY_MAIL, MADE_UP, NEW, NUMBER, OF_DEVICES, Owner, nth_wrong, wanted};
use crate::numbers::refusal;
use domain::challenge::LedgerId;
use domain::destination::Destination;
use domain::identity::TypedUserId;
use domain::kind::{Channel, Kind};
use domain::time::{Span, Time};
use serde_json::{Value, json};
use tests::people::StartedReset;
use tests::world::Ask;

const CLOSED: (&str, Option<&str>) = ("resetClosed", Some("86400"));

/// Fails ten guesses at codes for a number and asks on: the status, code and wait of every answer.
async fn close_and_ask(it: &Owner, user_id: &str, number: &str) -> Vec<(u16, String, String)> {
    let mut told = Vec::new();
    let mut seen = |answer: &tests::Answer| {
        let wait = answer.headers.get("retry-after").cloned().unwrap_or_default();
        told.push((answer.status, answer.code().to_owned(), wait));
    };
    let start = async |seen: &mut dyn FnMut(&tests::Answer)| {
        let started = it.world.ask_reset(user_id).await;
        seen(&started);
        StartedReset {
            id: started.text("resetId"),
            bearer: started.text("bearer"),
            support_code: started.text("supportCode"),
        }
    };
    for _ in 0..2 {
        let reset = start(&mut seen).await;
        let sent = it.world.ask_code_by(&reset, wanted(Some(number))).await;
        seen(&sent);
        for n in 0..7 {
            let code = format!("{n:06}");
            seen(&it.world.verify(&reset.bearer, &sent.text("challengeId"), &code).await);
        }
    }
    let reset = start(&mut seen).await;
    for wanted in [wanted(Some(number)), wanted(Some("+61491570159")), wanted(None)] {
        seen(&it.world.ask_code_by(&reset, wanted).await);
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn i20_guesses_at_a_made_up_number_close_nothing_for_the_owner_and_tell_nothing() {
    let it = Owner::new(&[]).await;
    let made_up = close_and_ask(&it, ANN, MADE_UP).await;
    // The start never tells it; the send of that number does, and no other send.
    let end: Vec<_> = made_up.iter().rev().take(4).rev().map(|(status, ..)| *status).collect();
    assert_eq!(end, [201, 429, 202, 202]);
    assert_eq!(made_up.iter().filter(|(_, code, _)| code == "codeNotAccepted").count(), 12);
    assert_eq!(made_up.iter().filter(|(_, code, _)| code == "resetClosed").count(), 3);
    // The owner's number, and its owner's reset, are as before.
    let own = it.asked(None, Some(NUMBER)).await;
    it.right(&own).await.expect(200);
    it.world.set_password(&own.reset, NEW).await.expect(204);

    // A right number and an unknown user ID get the same answers.
    for (user_id, number) in
        [(ANN, NUMBER), ("unknown@example.com", MADE_UP), ("another.unknown@example.com", NUMBER)]
    {
        it.world.pass(Span::days(2));
        assert_eq!(close_and_ask(&it, user_id, number).await, made_up, "{user_id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_is_told_at_send_and_verify_and_never_at_the_start() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    it.world.pass(Span::hours(1));
    let own = it.asked(None, None).await;
    let of_device = it.asked(Some(&device), None).await;
    it.fail(None, 10).await;
    assert_eq!(refusal(&it.right(&own).await), CLOSED);
    let stranger = it.start(None).await;
    assert_eq!(refusal(&it.send(&stranger, None).await), CLOSED);
    // A known device is told nothing before its own guesses are used up too.
    for _ in 0..5 {
        assert_eq!(it.wrong(&of_device).await.code(), "codeNotAccepted");
    }
    assert_eq!(refusal(&it.right(&of_device).await), CLOSED);
    let again = it.start(Some(&device)).await;
    assert_eq!(refusal(&it.send(&again, None).await), CLOSED);
    // Both may still use the phone: the stranger's ledger of its number is open.
    for reset in [stranger, again] {
        let sms = it.asked_in(reset, Some(NUMBER)).await;
        assert_eq!(it.right(&sms).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_device_whose_guesses_are_used_up_shares_those_of_strangers() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    it.world.pass(Span::hours(1));
    let first = it.asked(Some(&device), None).await;
    for _ in 0..5 {
        assert_eq!(it.wrong(&first).await.code(), "codeNotAccepted");
    }
    it.world.pass(Span::minutes(1));
    let second = it.asked_in(first.reset.clone(), None).await;
    assert_eq!(it.ledger_of(&second), BY_MAIL);
    assert_eq!(it.wrong(&second).await.code(), "codeNotAccepted");
    assert_eq!((it.fails(OF_DEVICES).await, it.fails(BY_MAIL).await), (5, 1));
    it.right(&second).await.expect(200);
    it.world.set_password(&second.reset, NEW).await.expect(204);
    // The reset was proved by a code of strangers, so that count begins again and no other.
    assert_eq!((it.fails(OF_DEVICES).await, it.fails(BY_MAIL).await), (5, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_reset_ends_the_counts_of_the_ledgers_that_proved_it_and_of_no_other() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    it.world.pass(Span::hours(1));
    it.fail(None, 3).await;
    it.fail(Some(NUMBER), 4).await;
    it.fail(Some(MADE_UP), 2).await;
    let of_device = it.asked(Some(&device), Some(NUMBER)).await;
    it.wrong(&of_device).await.expect(422);
    let numbers = [NUMBER, MADE_UP].map(|number| ledger_of_number(&it, number));
    let counts = async || {
        let own = (it.fails(BY_MAIL).await, it.fails(&numbers[0]).await);
        (own.0, own.1, it.fails(&numbers[1]).await, it.fails(OF_DEVICES).await)
    };
    assert_eq!(counts().await, (3, 4, 2, 1));
    // A right code gives back its own charge only, and a reset that sets no password clears nothing.
    let proved = it.asked(None, None).await;
    it.right(&proved).await.expect(200);
    assert_eq!(counts().await, (3, 4, 2, 1));
    it.world.set_password(&proved.reset, NEW).await.expect(204);
    assert_eq!(counts().await, (0, 4, 2, 1));
    // After the review, the phone proves one.
    it.world.pass(Span::hours(1));
    let signed_in = it.world.sign_in(ANN, NEW).await.expect(200).text("bearer");
    it.world.reviewed(&signed_in).await;
    let sms = it.asked(None, Some(NUMBER)).await;
    it.right(&sms).await.expect(200);
    it.world.set_password(&sms.reset, "cobalt heron lattice morning").await.expect(204);
    assert_eq!(counts().await, (0, 0, 2, 1));
}

/// The name of the ledger of a typed number.
fn ledger_of_number(it: &Owner, number: &str) -> String {
    let keys = &it.world.keys;
    let handle = keys.handle(&TypedUserId::new(ANN.to_owned()));
    let to = Destination::parse(Channel::Sms, number, None).expect("a number");
    let typed = Some(keys.typed_name(&handle, &to));
    LedgerId::Reset { kind: Kind::MobilePhone, typed }.to_string()
}

/// What the help desk is told about the account.
async fn can_reset(it: &Owner) -> (String, Option<String>) {
    let ask = Ask::new("GET", format!("/v1/users/{ANN}/can-reset")).bearer(&it.admin().await);
    let answer = it.world.ask(ask).await.expect(200);
    (answer.text("reason"), answer.body["until"].as_str().map(str::to_owned))
}

fn closed(until: Time) -> (String, Option<String>) {
    ("resetClosed".to_owned(), Some(until.to_string()))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_help_desk_is_told_of_a_closed_reset_only_when_too_few_kinds_are_open() {
    let open = ("none".to_owned(), None);
    for needed in [1, 2] {
        let it = Owner::new(&[("/kindsRequired", needed)]).await;
        let begin = it.world.now();
        it.fail(Some(MADE_UP), 10).await;
        assert_eq!(can_reset(&it).await, open, "a made-up number");
        it.fail(None, 10).await;
        let first = begin + Span::hours(24);
        let one_closed = if needed == 1 { open.clone() } else { closed(first) };
        assert_eq!(can_reset(&it).await, one_closed, "{needed}: one kind");
        it.world.pass(Span::hours(2));
        it.fail(Some(NUMBER), 10).await;
        let second = begin + Span::hours(26);
        // With one kind needed, the reset opens with the first ledger; else with the last.
        let both = if needed == 1 { first } else { second };
        assert_eq!(can_reset(&it).await, closed(both), "{needed}: both kinds");
        it.world.pass(Span(Span::hours(22).0 - 1));
        assert_eq!(can_reset(&it).await, closed(both), "{needed}: a moment before");
        it.world.pass(Span(1));
        let after = if needed == 1 { open.clone() } else { closed(second) };
        assert_eq!(can_reset(&it).await, after, "{needed}: the mail is open");
        it.world.pass(Span::hours(2));
        assert_eq!(can_reset(&it).await, open, "{needed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unlocking_opens_every_ledger_of_the_account_also_by_an_operator() {
    for by_operator in [false, true] {
        let it = Owner::new(&[("/limits/failedRegistrationGuesses", 3)]).await;
        let device = it.device().await;
        it.world.pass(Span::hours(1));
        it.fail(None, 10).await;
        it.fail(Some(NUMBER), 10).await;
        it.fail(Some(MADE_UP), 10).await;
        let of_device = it.asked(Some(&device), None).await;
        for _ in 0..5 {
            it.wrong(&of_device).await.expect(422);
        }
        let session = it.world.session(&it.ann).await;
        let add = || {
            let body = json!({ "kind": "email", "destination": "ann.other@example.com" });
            Ask::new("POST", "/v1/me/methods").bearer(&session).body(body)
        };
        let sent = it.world.ask(add()).await.expect(202).text("challengeId");
        for n in 0..3 {
            it.world.verify(&session, &sent, &nth_wrong("00000000", n)).await.expect(422);
        }
        it.world.pass(Span::minutes(1));
        assert_eq!(it.world.ask(add()).await.code(), "tooSoon");
        assert_eq!(can_reset(&it).await.0, "resetClosed");

        match by_operator {
            true => {
                let unlock = json!({ "unlock": { "userId": ANN } });
                let done = it.world.invoke_directly("recover", unlock).await;
                assert_eq!(done, json!({ "userId": ANN }));
            }
            false => {
                let unlock = Ask::new("POST", format!("/v1/users/{ANN}/unlock"));
                it.world.ask(unlock.bearer(&it.admin().await)).await.expect(204);
            }
        }
        assert_eq!(can_reset(&it).await, ("none".to_owned(), None));
        it.world.ask(add()).await.expect(202);
        it.world.pass(Span::minutes(1));
        let again = it.asked(Some(&device), None).await;
        assert_eq!(it.ledger_of(&again), OF_DEVICES);
        for number in [None, Some(NUMBER)] {
            let reset = it.start(None).await;
            it.send(&reset, number).await.expect(202);
        }
        // The made-up number is none of the account's. Its count stays and harms no owner.
        let reset = it.start(None).await;
        assert_eq!(it.send(&reset, Some(MADE_UP)).await.code(), "resetClosed");
        let full: Vec<Value> = it.ledgers().await.into_iter().map(|(_, item)| item).collect();
        assert_eq!(full.iter().filter(|item| item["fails"].is_object()).count(), 1, "{full:?}");
    }
}
