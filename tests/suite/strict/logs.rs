//! Logs: each log event is one line of JSON, even with hostile input.

use super::hand;
use serde_json::{Value, json};
use tests::world::{Ask, event};
use tests::{Fault, Lines, World};
use tracing_subscriber::filter::LevelFilter;

/// Texts that try to end a line, begin another, or send colour codes to a terminal.
const INJECTED: [&str; 8] = [
    "x\r\n{\"event\":\"forged\"}",
    "x\n{\"level\":\"INFO\",\"event\":\"forged\"}\n",
    "\",\"event\":\"forged\",\"x\":\"",
    "{\"event\":\"forged\"}",
    "\u{1b}[2J\u{1b}[31mforged\u{1b}[0m",
    "forged\u{85}\u{2028}\u{2029}\u{b}\u{c}",
    "forged\u{0}\u{8}\u{7f}",
    "forged %0d%0a {} ${jndi:ldap://x}",
];

#[tokio::test]
async fn a50_a_log_line_is_one_event_even_with_hostile_input() {
    let lines = Lines::default();
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    // Captures this test's lines only: it runs on one thread, which no other test uses.
    let guard = lines.listen(LevelFilter::TRACE);
    let mut sent = 0;
    for fault in [None, Some(Fault::AccessDenied)] {
        if let Some(fault) = fault {
            world.proxy.set_rule(move |_, _| Some(fault));
        }
        for text in INJECTED {
            let encoded: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let user = Ask::new("POST", "/v1/users").bearer(&admin);
            let asks = [
                ("reset", Ask::new("POST", "/v1/resets").body(json!({ "userId": text }))),
                (
                    "sign-in",
                    Ask::new("POST", "/v1/sign-in")
                        .body(json!({ "userId": text, "password": text })),
                ),
                (
                    "directory",
                    user.clone().body(json!({ "userId": text, "name": text, "groups": [text] })),
                ),
                (
                    "directory",
                    user.clone()
                        .body(json!({ "userId": "ann", "name": "Ann" }))
                        .header("idempotency-key", text),
                ),
                ("directory", user.body(json!({ text: text }))),
                ("directory", Ask::new("GET", format!("/v1/users/{encoded}")).bearer(&admin)),
                ("directory", Ask::new("GET", format!("/v1/users/{text}")).bearer(&admin)),
                (
                    "directory",
                    Ask::new("GET", format!("/v1/users?search={encoded}")).bearer(&admin),
                ),
                ("directory", Ask::new("GET", format!("/{encoded}?{encoded}"))),
                (
                    "sign-in",
                    Ask::new("GET", "/v1/me")
                        .bearer(&admin)
                        .header("user-agent", text)
                        .header("accept-language", text),
                ),
                ("sign-in", Ask::new("GET", "/v1/me").header("authorization", text).cookie(text)),
                ("sign-in", Ask::new("GET", "/v1/me").source(text).header("x-forwarded-for", text)),
            ];
            for (function, ask) in asks {
                sent += 1;
                hand(&world, function, &event(&ask, sent)).await;
            }
            sent += 1;
            let mut method = event(&Ask::new("GET", "/v1/me"), sent);
            method["requestContext"]["http"]["method"] = json!(text);
            hand(&world, "sign-in", &method).await;
        }
    }
    drop(guard);
    let bytes = lines.bytes();
    let text = String::from_utf8(bytes).expect("UTF-8");
    assert!(text.ends_with('\n'));
    let (mut answered, mut counted) = (0_u64, 0_u64);
    let mut warned = 0;
    for line in text.split_terminator('\n') {
        let event: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_ne!(event["event"], "forged", "{line}");
        assert!(
            !line
                .chars()
                .any(|c| c.is_control() || ['\u{85}', '\u{2028}', '\u{2029}'].contains(&c)),
            "{line:?}"
        );
        assert!(!line.contains("forged"), "a log line contains the caller's text: {line}");
        if event["_aws"].is_object() {
            counted += 1;
            continue;
        }
        assert!(event["timestamp"].is_string() && event["level"].is_string(), "{line}");
        answered += u64::from(event["event"] == "answered");
        warned += usize::from(event["level"] != "INFO");
    }
    assert_eq!((answered, counted), (sent, sent), "one line and one metrics line for each request");
    assert!(warned > 0, "failures are logged as warnings or errors");
}
