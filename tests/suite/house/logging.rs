//! Checks which lines the log subscriber writes at each level.

use super::lines::{ask_page, is_metrics};
use serde_json::json;
use tests::Lines;
use tests::lines::metrics;
use tracing_subscriber::filter::LevelFilter;

#[tokio::test]
async fn metrics_are_switched_separately_from_the_log_level() {
    for (level, counted, expected) in [
        (LevelFilter::INFO, true, 2),
        (LevelFilter::INFO, false, 1),
        (LevelFilter::ERROR, true, 1),
        (LevelFilter::OFF, true, 1),
        (LevelFilter::OFF, false, 0),
    ] {
        let lines = Lines::default();
        let mut metrics = metrics();
        metrics.namespace = metrics.namespace.filter(|_| counted);
        let listening = lines.listen(level);
        ask_page("/no-page", metrics).await;
        drop(listening);
        let lines = lines.take();
        let written = lines.iter().filter(|line| is_metrics(line)).count();
        assert_eq!((lines.len(), written), (expected, counted.into()), "{level} {counted}");
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
