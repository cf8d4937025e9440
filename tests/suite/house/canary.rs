//! Searches for leaked secrets (invariant I14): in logs at `trace`, in answers except
//! the fields that issue a secret, in the table's file, its stream and its outbox, and
//! in requests to the table.

use crate::house::tour::{Step, perform, tour};
use serde_json::Value;
use tests::{Lines, World};
use tracing_subscriber::filter::LevelFilter;

/// Response fields that contain a secret, shown once.
const HANDED_OUT: [&str; 2] = ["bearer", "temporaryPassword"];
/// Request fields that contain a secret.
const CARRIED: [&str; 4] = ["password", "currentPassword", "newPassword", "code"];
/// User IDs, addresses and names used by the tour of all requests. Logs must not contain them.
const PERSONAL: [&str; 5] =
    ["@example.com", "ann.private", "Ann B. Example", "Ada Admin", "zeppelin"];

#[tokio::test(flavor = "multi_thread")]
async fn a63_no_secret_is_logged_answered_or_stored() {
    let logs = Lines::default();
    // Other tests of this process log here too, which only adds text to search.
    logs.listen_everywhere(LevelFilter::TRACE);

    let world = World::new().await;
    let mut secrets: Vec<String> = Vec::new();
    let mut answers = String::new();
    let carry = |from: &Value, names: &[&str], secrets: &mut Vec<String>| {
        secrets.extend(names.iter().filter_map(|name| from[*name].as_str()).map(str::to_owned));
    };
    tour(&world, &mut async |_, step| {
        if let Step::Ask(ask, _) = &step {
            carry(ask.body.as_ref().unwrap_or(&Value::Null), &CARRIED, &mut secrets);
        }
        let answer = perform(&world, &step).await;
        carry(&answer.body, &HANDED_OUT, &mut secrets);
        let mut headers = answer.headers.clone();
        // The cookies contain tokens too. A deleted cookie is empty.
        headers.remove("set-cookie");
        secrets.extend(answer.cookie_values());
        secrets.extend(headers.remove("latchkey-device"));
        let mut rest = answer.body.clone();
        for name in HANDED_OUT {
            rest.as_object_mut().map(|fields| fields.remove(name));
        }
        answers.push_str(&format!("{rest} {headers:?}\n"));
        answer
    })
    .await;
    let document: Value = serde_json::from_str(&world.secret).expect("JSON");
    secrets.push(document["ids"].as_str().expect("a key").to_owned());
    secrets.push(document["generations"][0]["key"].as_str().expect("a key").to_owned());
    // The secret part of a bearer token, without the part that identifies the account.
    let bare: Vec<String> =
        secrets.iter().filter(|s| s.starts_with("lk")).map(|s| s[26..].to_owned()).collect();
    secrets.extend(bare);
    secrets.sort();
    secrets.dedup();
    assert!(
        secrets.len() > 15 && secrets.iter().all(|s| s.len() >= 8),
        "{} secrets",
        secrets.len()
    );

    let dir = world.embedded.dir();
    let files = ["dynamodb.sqlite", "dynamodb.sqlite-wal"]
        .map(|name| std::fs::read(dir.join(name)).unwrap_or_default());
    let calls = world.proxy.take_calls();
    let wire: String = calls
        .iter()
        .filter(|c| c.operation != "GetSecretValue" && !c.operation.starts_with('/'))
        .map(|c| c.body.to_string())
        .collect();
    let logged = logs.bytes();
    let text = String::from_utf8_lossy(&logged);
    assert!(
        text.contains("\"answered\"") && text.contains("\"_aws\""),
        "nothing was logged, so the search tests nothing"
    );
    // Logs contain no personal data either. The table may contain it.
    for name in PERSONAL {
        assert!(!text.contains(name), "{name} is logged");
    }
    assert!(files[0].len() + files[1].len() > 10_000 && wire.len() > 10_000);

    for (place, bytes) in [
        ("logs", &logged),
        ("answers", &answers.into_bytes()),
        ("the table's file", &files[0]),
        ("its log", &files[1]),
        ("the wire", &wire.into_bytes()),
    ] {
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(
                !found,
                "a secret of {} characters that begins with {:?} is in {place}",
                secret.len(),
                &secret[..4]
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a57_every_first_run_generates_new_keys() {
    let (one, two) =
        (local::secrets::generate().expect("keys"), local::secrets::generate().expect("keys"));
    let keys = |text: &str| -> (String, String) {
        let document: Value = serde_json::from_str(text).expect("JSON");
        (document["ids"].to_string(), document["generations"][0]["key"].to_string())
    };
    let ((ids, key), (other_ids, other_key)) = (keys(&one), keys(&two));
    assert!(ids != other_ids && key != other_key && ids != key);
}
