//! Property test: random gateway events.

use super::event::NO_URL;
use lambda_runtime::{Context, LambdaEvent};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use serde_json::value::to_raw_value;
use tests::world::{Ask, event};

/// Generates any text, and more often one that is hostile in a header or a URI.
fn text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        3 => proptest::sample::select(&NO_URL[..]).prop_map(str::to_owned),
        3 => "[ -~]{0,12}",
        1 => any::<String>(),
        1 => proptest::sample::select(&["/", "..", "%2e", "%ff", "=", "&", "\\", "\0", "é", "語"][..])
            .prop_map(str::to_owned),
    ];
    proptest::collection::vec(parts, 0..4).prop_map(|parts| parts.concat())
}

/// Every random event gets an answer with Latchkey's headers: `lambda_http` does not
/// panic on an event that the check of incoming events (`screen`) accepts.
#[test]
fn any_event_is_answered() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let app = platform::http::routes::portal::router(&[], tests::lines::metrics());
    let texts = proptest::collection::vec(text(), 12);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let headers = proptest::collection::btree_map(text(), text(), 0..4);
    let cookies = proptest::collection::vec(text(), 0..3);
    let cases = Config { cases: 500, failure_persistence: None, ..Config::default() };
    TestRunner::new(cases)
        .run(
            &(texts, flags, headers, cookies),
            |(texts, (plain, slash, base64), headers, cookies)| {
                let mut event = event(&Ask::new("GET", "/reset"), 1);
                let names = ["domainName", "stage", "requestId"];
                for (name, value) in names.iter().zip(&texts) {
                    event["requestContext"][name] = json!(value);
                }
                if !plain {
                    event["headers"] = json!(headers);
                    event["cookies"] = json!(cookies);
                    event["requestContext"]["http"]["method"] = json!(texts[3]);
                }
                event["headers"]["host"] = json!(texts[4]);
                event["headers"]["x-forwarded-proto"] = json!(texts[5]);
                let path = if slash { format!("/{}", texts[6]) } else { texts[6].clone() };
                event["rawPath"] = json!(path);
                event["rawQueryString"] = json!(texts[7]);
                event["body"] = json!(texts[8]);
                event["isBase64Encoded"] = json!(base64);
                event["requestContext"]["http"]["sourceIp"] = json!(texts[9]);
                event["queryStringParameters"] = json!({ (texts[10].clone()): texts[11] });
                let event =
                    LambdaEvent::new(to_raw_value(&event).expect("JSON"), Context::default());
                let answer = platform::http::event::gateway::answer(app.clone(), event);
                let answer = runtime.block_on(answer);
                let Ok(answer) = answer.map(|answer| serde_json::to_value(answer).expect("JSON"));
                let status = answer["statusCode"].as_u64().expect("a status");
                prop_assert!([303, 400, 404, 405].contains(&status), "{status}");
                prop_assert_eq!(&answer["headers"]["referrer-policy"], "no-referrer");
                Ok(())
            },
        )
        .expect("every event is answered");
}
