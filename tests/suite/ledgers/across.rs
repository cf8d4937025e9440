//! A reset of a known device has codes in two ledgers, one after the other. The newer one ends the
//! older in the same write, whichever ledger each is in.

use super::{Asked, BY_MAIL, NEW, OF_DEVICES, Owner, guess};
use domain::time::Span;
use serde_json::Value;

/// The order in which a reset's two codes lie in the two ledgers.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// The sends of the devices are used up after the first code.
    ToStrangers,
    /// They are used up before the first code, and there again for the second.
    ToDevices,
}

const WAYS: [Way; 2] = [Way::ToStrangers, Way::ToDevices];

/// A reset of a known device with its older code. The next code lies in the other ledger.
async fn older(way: Way) -> (Owner, Asked) {
    let it = Owner::new(&[("/limits/mailsPerTenMinutes", 20), ("/code/lifetimeMinutes", 10)]).await;
    let device = it.device().await;
    let fill = async |codes| {
        for _ in 0..codes {
            it.asked(Some(&device), None).await;
        }
    };
    let older = match way {
        Way::ToStrangers => {
            let older = it.asked(Some(&device), None).await;
            it.world.pass(Span::minutes(1));
            fill(2).await;
            older
        }
        Way::ToDevices => {
            fill(3).await;
            it.world.pass(Span::minutes(5));
            let older = it.asked(Some(&device), None).await;
            it.world.pass(Span::minutes(5));
            older
        }
    };
    let expected = if way == Way::ToStrangers { OF_DEVICES } else { BY_MAIL };
    assert_eq!(it.ledger_of(&older), expected);
    (it, older)
}

fn other(way: Way) -> &'static str {
    if way == Way::ToStrangers { BY_MAIL } else { OF_DEVICES }
}

#[tokio::test(flavor = "multi_thread")]
async fn a28_a_newer_code_ends_the_older_one_in_the_other_ledger_in_the_same_write() {
    for way in WAYS {
        let (it, older) = older(way).await;
        it.world.proxy.take_calls();
        let newer = it.asked_in(older.reset.clone(), None).await;
        assert_eq!(it.ledger_of(&newer), other(way), "{way:?}");
        let calls = it.world.proxy.take_calls();
        let writes = |call: &&tests::Call| call.operation == "TransactWriteItems";
        let writes: Vec<_> = calls.iter().filter(writes).collect();
        let text = writes[0].body.to_string();
        assert_eq!(writes.len(), 1);
        assert!(text.contains("REMOVE #slot") && text.contains(&older.challenge), "{way:?}");

        assert_eq!(it.right(&older).await.code(), "codeNotAccepted", "{way:?}");
        assert_eq!(it.world.next_in(&older.reset).await, "method");
        it.right(&newer).await.expect(200);
        it.world.set_password(&newer.reset, NEW).await.expect(204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a28_an_older_code_is_not_accepted_after_a_newer_one_in_the_other_ledger() {
    // The newer code is issued before the guess at the older one is counted, or after it is counted
    // and before it is accepted.
    let gates: [fn(&str, &Value) -> bool; 2] = [
        |_, body| body.to_string().contains("ADD #fails"),
        |_, body| body.to_string().contains("ADD #verified"),
    ];
    for way in WAYS {
        for (place, fits) in gates.into_iter().enumerate() {
            let (it, older) = older(way).await;
            let gate = it.world.proxy.hold(fits);
            let late = tokio::spawn({
                let (world, ask) = (it.world.clone(), guess(&older, &it.code(&older)));
                async move { world.ask(ask).await }
            });
            gate.arrived(1).await;
            let newer = it.asked_in(older.reset.clone(), None).await;
            assert_eq!(it.ledger_of(&newer), other(way), "{way:?}, {place}");
            gate.open();
            let late = late.await.expect("an answer");
            assert_eq!(late.code(), "codeNotAccepted", "{way:?}, {place}");
            assert_eq!(it.world.next_in(&older.reset).await, "method", "{way:?}, {place}");
            it.right(&newer).await.expect(200);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_ended_in_the_other_ledger_is_not_sent() {
    for way in WAYS {
        let (it, older) = older(way).await;
        let newer = it.asked_in(older.reset.clone(), None).await;
        it.world.pass(Span::seconds(5));
        it.world.pump().await;
        let mails = it.world.standins.inbox().to(super::MAIL);
        let codes: Vec<String> = mails.into_iter().filter_map(|mail| mail.code).collect();
        assert!(codes.contains(&it.code(&newer)), "{way:?}");
        assert!(!codes.contains(&it.code(&older)), "{way:?}");
    }
}
