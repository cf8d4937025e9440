//! Checks what the log subscriber writes at each level.

use platform::log::{Logging, subscriber};
use serde_json::json;
use tests::Lines;
use tests::lines::NAMESPACE;
use tracing_subscriber::filter::LevelFilter;

#[test]
fn metrics_are_switched_separately_from_the_log_level() {
    for (level, metrics, expected) in [
        (LevelFilter::INFO, true, 2),
        (LevelFilter::INFO, false, 1),
        (LevelFilter::ERROR, true, 1),
        (LevelFilter::OFF, true, 1),
        (LevelFilter::OFF, false, 0),
    ] {
        let lines = Lines::default();
        let metrics = metrics.then(|| NAMESPACE.to_owned());
        let logging = Logging {
            level,
            metrics: metrics.clone(),
            function: "f".to_owned(),
            function_version: "1".to_owned(),
        };
        let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
        tracing::subscriber::with_default(subscriber(logging, lines.clone()), || {
            tracing::info!(target: "platform::test", event = "answered", outcome = "ok");
            tracing::info!(target: "latchkey::metrics", line = "{}");
        });
        assert_eq!(
            lines.bytes().iter().filter(|byte| **byte == b'\n').count(),
            expected,
            "{level} {metrics:?}"
        );
    }
}

#[test]
fn a_librarys_warning_is_a_line_like_the_others() {
    let lines = Lines::default();
    let listening = lines.listen(LevelFilter::TRACE);
    tracing::warn!(target: "hyper::client", "it went \"away\"\n{}", 1);
    tracing::info!(target: "hyper::client", "not ours to tell");
    drop(listening);
    let [line] = lines.take().try_into().expect("one line");
    let fields: Vec<_> = line
        .as_object()
        .expect("an object")
        .keys()
        .filter(|name| *name != "timestamp")
        .cloned()
        .collect();
    assert_eq!(
        fields,
        [
            "event",
            "function",
            "functionVersion",
            "level",
            "message",
            "outcome",
            "target",
            "version"
        ]
    );
    assert_eq!(
        (&line["event"], &line["message"]),
        (&json!("library"), &json!("it went \"away\"\n1"))
    );
}
