//! Send limits at both ends of their ranges: the wait before another code, and the
//! number of sends to one account and one address.

use crate::numbers::{NUMBER, Numbers, refusal};
use domain::time::Span;
use serde_json::json;
use tests::people::StartedReset;
use tests::{Answer, World};

const MOMENT: Span = Span(1);
const SECOND: Span = Span::seconds(1);

/// A kind of method, the number of the policy that limits its sends, and the time
/// window of the limit.
const WINDOWS: [(&str, &str, Span); 2] = [
    ("email", "/limits/mailsPerTenMinutes", Span::minutes(10)),
    ("mobilePhone", "/limits/smsPerHour", Span::hours(1)),
];

async fn ask(world: &World, reset: &StartedReset, kind: &str, address: &str) -> Answer {
    world.ask_code_by(reset, json!({ "kind": kind, "destination": address })).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_policys_wait_before_another_code_doubles_up_to_eight_minutes() {
    let it = Numbers::new().await;
    #[rustfmt::skip]
    let table: [(u32, &[u32]); 2] = [(15, &[15, 30, 60, 120, 240, 480, 480]), (300, &[300, 480, 480])];
    for (first, waits) in table {
        it.set(&[
            ("/limits/resendWaitSeconds", first),
            ("/resetLifetimeMinutes", 30),
            ("/limits/mailsPerTenMinutes", 20),
        ])
        .await;
        let reset = it.world.start_reset(&format!("unknown{first}@example.com")).await;
        for seconds in waits {
            let sent = it.world.ask_code(&reset).await.expect(202);
            assert_eq!(sent.body["resendAfter"], json!(seconds), "{first}");
            assert_eq!(
                refusal(&it.world.ask_code(&reset).await),
                ("tooSoon", Some(seconds.to_string().as_str())),
                "{first}"
            );
            it.world.pass(Span(Span::seconds((*seconds).into()).0 - 1));
            assert_eq!(
                refusal(&it.world.ask_code(&reset).await),
                ("tooSoon", Some("1")),
                "{first}: a moment before {seconds} s"
            );
            it.world.pass(MOMENT);
        }
        // Another reset has its own wait.
        let other = it.world.start_reset(&format!("unknown{first}@example.com")).await;
        assert_eq!(it.world.ask_code(&other).await.expect(202).body["resendAfter"], json!(first));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_gets_the_policys_number_of_codes_in_a_sliding_window() {
    let it = Numbers::new().await;
    for (kind, pointer, window) in WINDOWS {
        let address = if kind == "email" { "unknown.private@example.com" } else { NUMBER };
        for most in [1, 20] {
            it.set(&[(pointer, most)]).await;
            let user = format!("{kind}{most}@example.com");
            // Each send is in a new reset, to avoid the wait between codes.
            let send =
                async || ask(&it.world, &it.world.start_reset(&user).await, kind, address).await;
            for _ in 0..most {
                send().await.expect(202);
                it.world.pass(SECOND);
            }
            let since_first = SECOND.0 * i64::from(most);
            let left = Span(window.0 - since_first).whole_seconds().to_string();
            assert_eq!(
                refusal(&send().await),
                ("tooSoon", Some(left.as_str())),
                "{kind}: one more than {most} sends"
            );
            it.world.pass(Span(window.0 - since_first - 1));
            assert_eq!(
                refusal(&send().await),
                ("tooSoon", Some("1")),
                "{kind}, {most}: a moment before the first send leaves the window"
            );
            it.world.pass(MOMENT);
            send().await.expect(202);
            // One send left the window and one entered it; the next send waits until
            // the second leaves.
            let next = if most == 1 { window } else { SECOND };
            assert_eq!(
                refusal(&send().await),
                ("tooSoon", Some(next.whole_seconds().to_string().as_str())),
                "{kind}, {most}"
            );
            it.world.pass(next);
            send().await.expect(202);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_gets_the_policys_number_of_mails_in_24_hours() {
    let it = Numbers::new().await;
    it.set(&[("/limits/mailsPerTenMinutes", 20)]).await;
    let day = Span::hours(24);
    for most in [5, 200] {
        it.set(&[("/limits/mailsPerDay", most)]).await;
        let user = format!("daily{most}@example.com");
        let send = async || it.world.ask_first_code(&user).await;
        for _ in 0..most {
            send().await.expect(202);
            it.world.pass(Span::minutes(1));
        }
        let left = Span(day.0 - Span::minutes(1).0 * i64::from(most));
        let wait = left.whole_seconds().to_string();
        assert_eq!(
            refusal(&send().await),
            ("tooSoon", Some(wait.as_str())),
            "one more than {most}"
        );
        it.world.pass(Span(left.0 - 1));
        assert_eq!(refusal(&send().await), ("tooSoon", Some("1")), "{most}");
        it.world.pass(MOMENT);
        send().await.expect(202);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_address_gets_the_policys_number_of_codes_in_a_sliding_window() {
    let it = Numbers::new().await;
    let addresses = [("email", "shared@example.com"), ("mobilePhone", NUMBER)];
    let people = ["ann@example.com", "bob@example.com", "eve@example.com"];
    for user in people {
        it.person(user, &addresses).await;
    }
    it.world.pump().await;
    let [ann, bob, eve] = people;
    for ((kind, pointer, window), (_, address)) in WINDOWS.into_iter().zip(addresses) {
        for most in [1, 20] {
            it.world.pass(window);
            it.set(&[(pointer, most)]).await;
            let send = async |user: &str| {
                let reset = it.world.start_reset(user).await;
                ask(&it.world, &reset, kind, address).await.expect(202);
                it.dropped(&reset).await
            };
            let full = Some("destinationLimit".to_owned());
            for n in 0..most {
                assert_eq!(
                    send(if n % 2 == 0 { ann } else { bob }).await,
                    None,
                    "{kind}: number {} of {most}",
                    n + 1
                );
                it.world.pass(SECOND);
            }
            assert_eq!(send(bob).await, full, "{kind}: one more than {most}");
            it.world.pass(Span(window.0 - SECOND.0 * i64::from(most) - 1));
            assert_eq!(
                send(eve).await,
                full,
                "{kind}, {most}: a moment before the first send leaves the window"
            );
            it.world.pass(MOMENT);
            assert_eq!(send(ann).await, None, "{kind}, {most}: the first send has left the window");
            if most > 1 {
                assert_eq!(send(eve).await, full, "{kind}, {most}: the second send has not");
            }
        }
    }
}
