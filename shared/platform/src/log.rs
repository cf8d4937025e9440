//! Logs: JSON, one line an event; events and ids, never bodies, codes,
//! addresses or passwords.

use tracing::Subscriber;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at the level of `RUST_LOG` (default `info`). It moves our
/// own lines only: libraries would write bodies at `debug` and `trace`, so
/// they stay at `warn` whatever is asked for.
pub fn init() {
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO);
    // A second start in one process (a test) keeps the first.
    let _ = subscriber(asked, std::io::stdout).try_init();
}

/// What writes the log of a level, and where to.
pub fn subscriber<W>(asked: LevelFilter, to: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let lines = layer().json().flatten_event(true).with_current_span(false).with_writer(to);
    registry().with(lines.with_filter(filter(asked)))
}

/// Ours at the level, everybody else at `warn`.
fn filter(asked: LevelFilter) -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_targets([("platform", asked), ("domain", asked)])
}
