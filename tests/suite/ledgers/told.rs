//! The notice of attempts: when the owner is told, by which messages, and that no answer tells it.

use super::{ANN, MADE_UP, MAIL, NUMBER, Owner};
use crate::accounts::users::patch;
use crate::devices::wrong;
use crate::reset::equal::{STATES, calls, states_in};
use domain::time::Span;
use serde_json::{Value, json};
use tests::{Fault, World};

const SUBJECT: &str = "Someone is trying to get into your Latchkey account";

/// The notices of attempts that were delivered to an address, after all queued messages are sent.
async fn notices(it: &Owner, to: &str) -> Vec<String> {
    it.world.pump().await;
    let messages = it.world.standins.inbox().to(to);
    let notices = messages.into_iter().filter(|one| one.subject.as_deref() == Some(SUBJECT));
    notices.map(|one| one.text).collect()
}

/// The audit entries with this support code: their events.
async fn events(world: &World, support_code: &str) -> Vec<String> {
    let items = world.items().await;
    let own = items.iter().filter(|item| item["supportCode"]["S"] == support_code);
    own.filter_map(|item| item["event"]["S"].as_str().map(str::to_owned)).collect()
}

/// Wrong passwords until the wait is the longest.
async fn lock_longest(it: &Owner) {
    for _ in 0..9 {
        it.world.sign_in(ANN, &wrong()).await.expect(401);
    }
    let mut wait = 0;
    while wait < 900 {
        it.world.sign_in(ANN, &wrong()).await.expect(401);
        let locked = it.world.sign_in(ANN, &wrong()).await;
        assert_eq!(locked.code(), "signInLocked");
        wait = locked.headers["retry-after"].parse().expect("seconds");
        if wait < 900 {
            assert_eq!(notices(it, MAIL).await.len(), 0, "{wait} seconds");
            it.world.pass(Span::seconds(wait));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_by_mail_when_guesses_fill_a_ledger_and_once_a_day() {
    let it = Owner::new(&[]).await;
    it.fail(None, 5).await;
    let last = it.asked(None, None).await;
    for _ in 0..4 {
        it.wrong(&last).await.expect(422);
    }
    assert_eq!(notices(&it, MAIL).await.len(), 0, "one guess is left");
    it.world.standins.inbox().clear();
    assert_eq!(it.wrong(&last).await.code(), "codeNotAccepted");
    let told = notices(&it, MAIL).await;
    assert_eq!(told.len(), 1);
    // Its support code leads to the reset with the attempts.
    assert!(told[0].contains(&last.reset.support_code), "{}", told[0]);
    let events = events(&it.world, &last.reset.support_code).await;
    assert_eq!(events.iter().filter(|event| *event == "codeAttempted").count(), 5, "{events:?}");
    assert!(events.contains(&"attemptsNoticed".to_owned()), "{events:?}");
    // No SMS: an attacker could cause its cost.
    assert!(it.world.standins.inbox().to(NUMBER).is_empty());

    // On the same UTC day nothing tells it again: the closed ledger, another one, sign-in.
    assert_eq!(it.right(&last).await.code(), "resetClosed");
    it.fail(Some(MADE_UP), 10).await;
    it.fail(Some(NUMBER), 10).await;
    assert_eq!(notices(&it, MAIL).await.len(), 1);
    // On the next day the next full ledger does.
    it.world.pass(Span::days(1));
    it.world.pass(Span::hours(1));
    it.fail(Some(NUMBER), 10).await;
    assert_eq!(notices(&it, MAIL).await.len(), 2);
    assert!(it.world.standins.inbox().to(NUMBER).iter().all(|sms| sms.code.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_when_the_guesses_of_known_devices_are_used_up() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    let asked = it.asked(Some(&device), Some(NUMBER)).await;
    for n in 0..5 {
        assert_eq!(notices(&it, MAIL).await.len(), 0, "{n}");
        it.wrong(&asked).await.expect(422);
    }
    assert_eq!(notices(&it, MAIL).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_is_told_at_the_longest_wait_of_sign_in_in_the_language_of_the_account() {
    let it = Owner::new(&[]).await;
    lock_longest(&it).await;
    let told = notices(&it, MAIL).await;
    assert_eq!(told.len(), 1);
    let code = told[0].trim().rsplit(": ").next().expect("a code").lines().next().expect("a line");
    let events = events(&it.world, code).await;
    assert!(events.contains(&"attemptsNoticed".to_owned()), "{code}: {events:?}");
    assert!(events.contains(&"signInFailed".to_owned()), "{code}: {events:?}");
    // A day later, in the other language.
    patch(&it.world, &it.admin().await, ANN, json!({ "language": "zh-TW" })).await.expect(200);
    it.world.pass(Span::days(1));
    it.world.standins.inbox().clear();
    it.fail(Some(NUMBER), 10).await;
    it.world.pump().await;
    let mut mails = it.world.standins.inbox().to(MAIL);
    let mail = mails.pop().expect("a notice");
    assert!(mail.subject.expect("a subject").contains("有人嘗試登入") && mails.is_empty());
    assert!(mail.text.contains("支援代碼"), "{}", mail.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn i13_attempts_cause_the_same_calls_and_answers_for_every_account_and_each_row_is_handled() {
    let it = states_in(World::new().await).await;
    let world = it.world;
    let mut faces = Vec::new();
    for (state, user_id) in STATES {
        let mut face = Vec::new();
        for _ in 0..2 {
            let reset = world.start_reset(user_id).await;
            let challenge = world.send_code(&reset).await;
            calls(&world);
            for n in 0..5 {
                let answer = world.verify(&reset.bearer, &challenge, &format!("{n:08}")).await;
                face.push(format!("{} {} {:?}", answer.status, answer.code(), calls(&world)));
            }
        }
        assert!(face.last().expect("a guess").contains("OUTBOX"), "{state}: a row is queued");
        assert_eq!(face.iter().filter(|guess| guess.contains("OUTBOX")).count(), 1, "{state}");
        faces.push((state, face));
    }
    for (state, face) in &faces[1..] {
        assert_eq!(*face, faces[0].1, "{state}");
    }
    world.pump().await;
    let rows = world.items().await;
    let of = |state: &str| -> Vec<&Value> {
        rows.iter()
            .filter(|row| row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#")))
            .filter(|row| {
                row["sk"]["S"].to_string().contains(".owner.") && row["state"]["S"] == state
            })
            .collect()
    };
    // Those with an address are told; an unknown or unregistered one has none.
    assert_eq!((of("sent").len(), of("dropped").len()), (4, 3), "{rows:?}");
    assert!(of("queued").is_empty() && of("failed").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_phone_alone_gets_no_sms_about_attempts() {
    let it = Owner::new(&[]).await;
    let bob = it.world.user(&it.admin().await, json!({ "userId": "bob", "name": "Bob" })).await;
    it.world.register_all(&bob, &[("mobilePhone", "+61491570158")]).await;
    it.world.pump().await;
    it.world.standins.inbox().clear();
    for _ in 0..2 {
        let reset = it.world.start_reset("bob").await;
        let challenge = it.world.send_code(&reset).await;
        for n in 0..5 {
            it.world.verify(&reset.bearer, &challenge, &format!("{n:08}")).await.expect(422);
        }
    }
    it.world.pump().await;
    assert!(it.world.standins.inbox().all().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_cannot_be_queued_changes_no_answer_and_the_next_attempt_queues_it() {
    for fault in [Fault::AccessDenied, Fault::Silence, Fault::Throttle] {
        for at_reading in [false, true] {
            let it = Owner::new(&[]).await;
            it.fail(None, 5).await;
            let last = it.asked(None, None).await;
            for _ in 0..4 {
                it.wrong(&last).await.expect(422);
            }
            let mut charged = false;
            it.world.proxy.set_rule(move |operation, body| {
                let text = body.to_string();
                let after = charged;
                charged |= text.contains("ADD #fails");
                let meets = match at_reading {
                    true => after && operation == "BatchGetItem" && text.contains("LEDGER#"),
                    false => text.contains("attemptsNoticed"),
                };
                meets.then_some(fault)
            });
            let answer = it.wrong(&last).await;
            assert_eq!(
                (answer.status, answer.code()),
                (422, "codeNotAccepted"),
                "{fault:?}, at reading: {at_reading}"
            );
            it.world.proxy.clear_rule();
            assert_eq!(notices(&it, MAIL).await.len(), 0);
            assert_eq!(it.right(&last).await.code(), "resetClosed");
            assert_eq!(notices(&it, MAIL).await.len(), 1, "{fault:?}, at reading: {at_reading}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_answers_as_before_when_its_notice_cannot_be_queued() {
    let it = Owner::new(&[]).await;
    it.world.proxy.set_rule(|_, body| {
        body.to_string().contains("attemptsNoticed").then_some(Fault::AccessDenied)
    });
    lock_longest(&it).await;
    it.world.proxy.clear_rule();
    assert_eq!(notices(&it, MAIL).await.len(), 0);
    // The next wrong password waits as long, and tells the owner.
    it.world.pass(Span::seconds(900));
    it.world.sign_in(ANN, &wrong()).await.expect(401);
    assert_eq!(notices(&it, MAIL).await.len(), 1);
}
