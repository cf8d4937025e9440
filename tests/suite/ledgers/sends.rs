//! Sends: other callers do not end the owner's code, and take none of the sends of a known device.

use super::{ANN, Asked, BY_MAIL, MAIL, NEW, NUMBER, OF_DEVICES, Owner};
use crate::numbers::refusal;
use domain::time::Span;
use serde_json::json;
use tests::World;
use tests::world::Ask;

/// As many codes in ten minutes as the test asks for.
const MANY: [(&str, u32); 2] = [("/limits/mailsPerTenMinutes", 20), ("/limits/mailsPerDay", 200)];

#[tokio::test(flavor = "multi_thread")]
async fn i20_two_other_callers_do_not_end_the_owners_code_and_a_fourth_code_ends_the_oldest() {
    for strangers in 0..=4 {
        let it = Owner::new(&MANY).await;
        let own = it.asked(None, None).await;
        let mut others = Vec::new();
        for _ in 0..strangers {
            it.world.pass(Span(1));
            others.push(it.asked(None, None).await);
        }
        let ended = it.right(&own).await;
        match strangers {
            0..=2 => drop(ended.expect(200)),
            _ => assert_eq!(ended.code(), "codeNotAccepted", "{strangers}"),
        }
        // The three newest are live, and all three are delivered.
        for other in others.iter().rev().take(2) {
            it.right(other).await.expect(200);
        }
        it.world.pump().await;
        let delivered = it.world.standins.inbox().to(MAIL).into_iter().filter_map(|mail| mail.code);
        let delivered: Vec<String> = delivered.collect();
        if strangers > 3 {
            assert!(!delivered.contains(&it.code(&own)), "a code that ended is not sent");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_asked_for_again_in_one_reset_ends_only_its_own_older_one() {
    let it = Owner::new(&MANY).await;
    let (own, other) = (it.asked(None, None).await, it.asked(None, None).await);
    let third = it.asked(None, None).await;
    for minutes in [1, 2] {
        it.world.pass(Span::minutes(minutes));
        it.asked_in(other.reset.clone(), None).await;
    }
    assert_eq!(it.right(&other).await.code(), "codeNotAccepted");
    it.right(&own).await.expect(200);
    it.right(&third).await.expect(200);
}

/// What an attacker can do to keep the owner from getting a code.
#[derive(Clone, Copy, Debug)]
enum Attack {
    /// Many codes in resets of their own, until the sends of the window are used up.
    FullWindow,
    /// All mails of a day.
    FullDay,
    /// Ten wrong codes by mail.
    ClosedKind,
    /// Ten wrong codes by mail, and ten for the owner's own number.
    AllClosed,
    /// Codes to the same address for another account.
    FullDestination,
    /// Starts and sends from the owner's source address.
    FullSource,
}

const ATTACKS: [Attack; 6] = [
    Attack::FullWindow,
    Attack::FullDay,
    Attack::ClosedKind,
    Attack::AllClosed,
    Attack::FullDestination,
    Attack::FullSource,
];

/// The most starts of a source in the tests of [`Attack::FullSource`].
const OF_SOURCE: u32 = 40;

async fn attack(it: &Owner, attack: Attack) {
    match attack {
        Attack::FullWindow => {
            let mut refused = 0;
            while refused < 5 {
                refused += u32::from(it.world.ask_first_code(ANN).await.status == 429);
            }
        }
        Attack::FullDay => {
            let mut refused = 0;
            while refused < 5 {
                let sent = it.world.ask_first_code(ANN).await;
                refused += u32::from(sent.status == 429);
                it.world.pass(Span::minutes(11));
            }
            it.world.pass(Span::minutes(11));
            let after_a_day = it.world.ask_first_code(ANN).await;
            let wait: u32 = after_a_day.headers["retry-after"].parse().expect("seconds");
            assert!(wait > 3600, "{wait}");
        }
        Attack::ClosedKind => it.fail(None, 10).await,
        Attack::AllClosed => {
            it.fail(None, 10).await;
            it.fail(Some(NUMBER), 10).await;
        }
        Attack::FullDestination => {
            let other = json!({ "userId": "bob@example.com", "name": "Bob" });
            let bob = it.world.user(&it.admin().await, other).await;
            it.world.register(&bob, MAIL).await;
            it.world.pass(Span::hours(1));
            for _ in 0..3 {
                it.world.ask_first_code(&bob.user_id).await.expect(202);
            }
            it.world.pump().await;
            // A code on any other device is dropped now.
            it.world.standins.inbox().clear();
            it.asked(None, None).await;
            it.world.pump().await;
            assert!(it.world.standins.inbox().all().is_empty());
        }
        Attack::FullSource => {
            while it.world.ask_reset("unknown@example.com").await.status == 201 {}
            assert_eq!(it.world.ask_reset(ANN).await.code(), "tooManyFromAddress");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i17_no_other_caller_keeps_the_owner_on_a_known_device_from_resetting_the_password() {
    for one in ATTACKS {
        let world = if matches!(one, Attack::FullSource) {
            World::with_source_limit(OF_SOURCE).await
        } else {
            World::new().await
        };
        let it = Owner::of(world, &[("/limits/mailsPerTenMinutes", 3)]).await;
        let device = it.device().await;
        it.world.pass(Span::minutes(11));
        // The owner's code is there before the attack begins. Two of the attacks outlast its life.
        let before = it.asked(Some(&device), None).await;
        attack(&it, one).await;
        if !matches!(one, Attack::FullDay | Attack::FullDestination) {
            it.right(&before).await.expect(200);
        }
        it.reset_on(&device, None).await;
        it.world.sign_in(ANN, NEW).await.expect(200);
        eprintln!("{one:?}: the owner has a new password");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_devices_have_three_mails_in_ten_minutes_and_two_sms_an_hour_and_then_share() {
    let it = Owner::new(&[("/limits/mailsPerTenMinutes", 1), ("/limits/smsPerHour", 1)]).await;
    let devices = [it.device().await, it.device().await];
    it.world.pass(Span::hours(1));
    for (number, own, window) in [(None, 3, 600), (Some(NUMBER), 2, 3600)] {
        for n in 0..own {
            let asked = it.asked(Some(&devices[n % 2]), number).await;
            assert_eq!(it.ledger_of(&asked), OF_DEVICES, "{n}");
        }
        it.world.pass(Span::seconds(60));
        // The next one is one of those that strangers have.
        let shared = it.asked(Some(&devices[0]), number).await;
        assert_ne!(it.ledger_of(&shared), OF_DEVICES);
        let stranger = it.start(None).await;
        let full = it.send(&stranger, number).await;
        let wait = window.to_string();
        assert_eq!(refusal(&full), ("tooSoon", Some(wait.as_str())));
        let both_full = it.start(Some(&devices[1])).await;
        assert_eq!(refusal(&it.send(&both_full, number).await), ("tooSoon", Some(wait.as_str())));
        // The sends of the devices open again first.
        it.world.pass(Span::seconds(window - 60 - 1));
        let early = it.start(Some(&devices[1])).await;
        assert_eq!(it.send(&early, number).await.code(), "tooSoon");
        it.world.pass(Span::seconds(1));
        let again = it.asked_in(early, number).await;
        assert_eq!(it.ledger_of(&again), OF_DEVICES);
        it.right(&again).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn known_devices_have_ten_mails_in_24_hours_and_then_share() {
    let it = Owner::new(&[]).await;
    let device = it.device().await;
    let begin = it.world.now();
    for n in 0..10 {
        assert_eq!(it.ledger_of(&it.asked(Some(&device), None).await), OF_DEVICES, "{n}");
        it.world.pass(Span::minutes(5));
    }
    assert_eq!(it.ledger_of(&it.asked(Some(&device), None).await), BY_MAIL);
    it.world.pass(begin + Span(Span::hours(24).0 - 1) - it.world.now());
    assert_eq!(it.ledger_of(&it.asked(Some(&device), None).await), BY_MAIL);
    it.world.pass(Span(1));
    assert_eq!(it.ledger_of(&it.asked(Some(&device), None).await), OF_DEVICES);
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_a_known_device_shares_count_for_its_source_and_its_own_do_not() {
    let it = Owner::of(World::with_source_limit(OF_SOURCE).await, &[]).await;
    let device = it.device().await;
    it.world.pass(Span::hours(2));
    let sends = async || {
        let mut items = it.world.items().await;
        items.retain(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("SRC#")));
        items.into_iter().filter(|item| item["sk"]["S"] == "sends").collect::<Vec<_>>()
    };
    let before = sends().await;
    for _ in 0..3 {
        it.asked(Some(&device), None).await;
    }
    assert_eq!(sends().await, before, "three codes of the device");
    it.asked(Some(&device), None).await;
    assert_ne!(sends().await, before, "a fourth one is counted for the source");
    // A reset of a known device that another bearer names is none of that bearer's.
    let reset = it.start(Some(&device)).await;
    let stranger = it.start(None).await;
    let path = format!("/v1/resets/{}/challenges", reset.id);
    let crossed = Ask::new("POST", path).bearer(&stranger.bearer).body(json!({ "kind": "email" }));
    assert_eq!(it.world.ask(crossed).await.code(), "resetEnded");
    // A device token with the request for a code gives a stranger's reset nothing.
    let path = format!("/v1/resets/{}/challenges", stranger.id);
    let late = Ask::new("POST", path).bearer(&stranger.bearer).body(json!({ "kind": "email" }));
    let late = late.header(crate::devices::DEVICE, device);
    let sent = it.world.ask(late).await.expect(202).text("challengeId");
    let late = Asked { reset: stranger, challenge: sent };
    assert_eq!(it.ledger_of(&late), BY_MAIL);
}
