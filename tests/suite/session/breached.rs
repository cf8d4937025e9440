//! New passwords in the operator's list of breached passwords: what is asked, when, and what
//! happens if the service does not answer.

use crate::session::passwords::{proved, set};
use domain::error::ProblemCode;
use domain::password::Password;
use domain::port::BreachedPasswords;
use domain::secret::SecretString;
use domain::source::SourceLimits;
use platform::breached::{LARGEST, PATIENCE, RangeService};
use platform::settings::{BreachedSetting, OnFailure, Settings};
use serde_json::json;
use std::time::Instant;
use tests::ranges::{Asked, Ranges, Reply};
use tests::world::{Ask, settings};
use tests::{Answer, World};
use tracing_subscriber::filter::LevelFilter;

/// A password that no rule refuses, and its SHA-1.
const TEXT: &str = "purple walrus sings bass";
const PREFIX: &str = "18CED";
const REST: &str = "DF19BDE4859DAD027C8CD6E641D7555D2BF";
/// The rest of another password's SHA-1.
const OTHER: &str = "0018A45C4D1DEF81644B54AB7F969B88D65";

fn setting(ranges: &Ranges, on_failure: OnFailure) -> Option<BreachedSetting> {
    Some(BreachedSetting { endpoint: ranges.endpoint.clone(), on_failure })
}

async fn world(ranges: &Ranges, on_failure: OnFailure) -> World {
    let limits = SourceLimits { requests: 100_000, failed_sign_ins: 100_000 };
    let breached = setting(ranges, on_failure);
    World::with_settings(Settings { breached, ..settings(limits) }).await
}

fn change(bearer: &str, current: &str, new: &str) -> Ask {
    Ask::new("PUT", "/v1/me/password")
        .bearer(bearer)
        .body(json!({ "currentPassword": current, "newPassword": new }))
}

fn asked() -> Vec<Asked> {
    vec![Asked { path: format!("/range/{PREFIX}"), padded: true }]
}

#[track_caller]
fn is_breached(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (422, "passwordRefused"), "{answer:?}");
    assert_eq!(answer.body["errors"][0]["code"], "passwordBreached");
    assert_eq!(answer.body["errors"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_breached_password_is_refused_in_a_reset_and_a_change() {
    let ranges = Ranges::start().await;
    let world = world(&ranges, OnFailure::Accept).await;
    let (_, ann) = world.ready().await;
    let (reset, session) = (proved(&world).await, world.session(&ann).await);
    ranges.rows(&[(OTHER, 10_000), (REST, 3), (&OTHER.replace('0', "F"), 0)]);
    ranges.take_asked();
    world.proxy.take_calls();

    is_breached(&world.ask(set(&reset, TEXT)).await);
    // The service learns five digits of the SHA-1, and no hash is made: nothing is written.
    assert_eq!(ranges.take_asked(), asked());
    let calls: Vec<String> = world.proxy.take_calls().into_iter().map(|it| it.operation).collect();
    assert_eq!(calls, ["BatchGetItem", "BatchGetItem"]);
    is_breached(&world.ask(change(&session, &ann.password, TEXT)).await);
    assert_eq!(ranges.take_asked(), asked());

    // Another text has another prefix; this one's digits in lower case are the same.
    ranges.rows(&[(&REST.to_lowercase(), 1)]);
    is_breached(&world.ask(set(&reset, TEXT)).await);
    // A row of padding has the count 0.
    ranges.rows(&[(OTHER, 7), (REST, 0)]);
    world.ask(set(&reset, TEXT)).await.expect(204);
    world.sign_in(&ann.user_id, TEXT).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_asked_after_every_rule_and_proof() {
    let ranges = Ranges::start().await;
    let world = world(&ranges, OnFailure::Refuse).await;
    let (admin, ann) = world.ready().await;
    let (unproved, reset) = (world.start_reset(&ann.user_id).await, proved(&world).await);
    let session = world.session(&ann).await;
    ranges.take_asked();
    assert_eq!(world.ask(set(&unproved, TEXT)).await.code(), "proofMissing");
    assert_eq!(world.ask(set(&reset, "password password")).await.code(), "passwordRefused");
    let wrong = change(&session, "not the current password", TEXT);
    assert_eq!(world.ask(wrong).await.code(), "currentPasswordWrong");
    // Signing in, and what an administrator issues, is no new password of a user.
    world.sign_in(&ann.user_id, &ann.password).await.expect(200);
    let issue = Ask::new("POST", format!("/v1/users/{}/temporary-password", ann.user_id));
    world.ask(issue.bearer(&admin)).await.expect(200);
    assert_eq!(ranges.take_asked(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_the_operators_choice_counts() {
    let ranges = Ranges::start().await;
    for reply in [Reply::Text(500, String::new()), Reply::Text(200, "<html>".to_owned())] {
        for (on_failure, status) in [(OnFailure::Accept, 204), (OnFailure::Refuse, 503)] {
            ranges.rows(&[]);
            let world = world(&ranges, on_failure).await;
            world.ready().await;
            let reset = proved(&world).await;
            ranges.reply(reply.clone());
            let answer = world.ask(set(&reset, TEXT)).await.expect(status);
            if on_failure == OnFailure::Refuse {
                assert_eq!(answer.code(), "unavailable");
                // The reset is still open.
                ranges.rows(&[]);
                world.ask(set(&reset, TEXT)).await.expect(204);
            }
        }
    }
}

#[tokio::test]
async fn every_failure_is_one_and_is_logged_without_the_password() {
    let rows = |text: &str| Reply::Text(200, text.to_owned());
    let failures = [
        (Reply::Silence, "no answer in time"),
        (Reply::Text(500, format!("{REST}:1")), "another status than 200"),
        (Reply::Text(429, String::new()), "another status than 200"),
        (Reply::Text(204, String::new()), "another status than 200"),
        (rows("<html>"), "the answer has other rows"),
        (rows(&format!("{OTHER}:7\r\n{REST}")), "the answer has other rows"),
        (rows(&format!("{REST}:many")), "the answer has other rows"),
        (rows(&format!("{REST}1:1")), "the answer has other rows"),
        (rows(&"x".repeat(LARGEST + 1)), "the answer broke off, or is too large"),
    ];
    let ranges = Ranges::start().await;
    let password = Password::new(&SecretString::from(TEXT));
    for (reply, cause) in failures {
        ranges.reply(reply);
        let lines = tests::Lines::default();
        let listening = lines.listen(LevelFilter::INFO);
        let begun = Instant::now();
        let accepts = RangeService::new(setting(&ranges, OnFailure::Accept));
        assert_eq!(accepts.has(&password).await.ok(), Some(false), "{cause}");
        assert!(begun.elapsed() < PATIENCE * 2, "{cause}");
        drop(listening);
        let log = String::from_utf8(lines.bytes()).expect("text");
        assert!(log.contains(cause) && log.contains("breachedUnavailable"), "{log}");
        assert!(!log.contains(TEXT) && !log.contains(PREFIX) && !log.contains(REST), "{log}");
    }
    // Where nothing listens.
    let endpoint = "http://127.0.0.1:9/range/".to_owned();
    let refuses = BreachedSetting { endpoint, on_failure: OnFailure::Refuse };
    let refuses = RangeService::new(Some(refuses)).has(&password).await;
    assert_eq!(refuses.expect_err("unavailable").code, ProblemCode::Unavailable);
    // Without a service nothing is asked.
    ranges.take_asked();
    assert_eq!(RangeService::new(None).has(&password).await.ok(), Some(false));
    assert_eq!(ranges.take_asked(), []);
}

#[test]
fn an_operator_names_an_https_url_and_what_a_failure_does() {
    let read = |url: &'static str, on_failure: Option<&'static str>| {
        Settings::read(move |name| match name {
            "LATCHKEY_BREACHED_URL" => Some(url.to_owned()),
            "LATCHKEY_BREACHED_ON_FAILURE" => on_failure.map(str::to_owned),
            "LATCHKEY_BASE_URL" => Some("https://reset.example.com".to_owned()),
            "LATCHKEY_TABLE" | "LATCHKEY_SECRET_ID" => Some("x".to_owned()),
            "LATCHKEY_MAIL_FROM" => Some("no-reply@example.com".to_owned()),
            _ => None,
        })
        .map(|settings| settings.breached)
    };
    const PWNED: &str = "https://api.pwnedpasswords.com/range/";
    assert!(read("", None).expect("no service").is_none());
    for (text, expected) in [("accept", OnFailure::Accept), ("refuse", OnFailure::Refuse)] {
        let setting = read(PWNED, Some(text)).expect("settings").expect("a service");
        assert_eq!((setting.endpoint.as_str(), setting.on_failure), (PWNED, expected));
    }
    assert!(read("http://127.0.0.1:9000/range/", Some("accept")).is_ok());
    #[rustfmt::skip]
    let wrong = [
        ("http://api.pwnedpasswords.com/range/", Some("accept")), ("https://api.pwnedpasswords.com/range", Some("accept")),
        ("https://api.pwnedpasswords.com/?range=/", Some("accept")), ("https://api.pwnedpasswords.com/#/", Some("accept")),
        ("api.pwnedpasswords.com/range/", Some("accept")), ("/range/", Some("accept")),
        (PWNED, None), (PWNED, Some("")), (PWNED, Some("ignore")),
    ];
    for (url, on_failure) in wrong {
        let refused = read(url, on_failure).expect_err(url).to_string();
        assert!(refused.contains("LATCHKEY_BREACHED_URL"), "{url} {on_failure:?}: {refused}");
    }
}
