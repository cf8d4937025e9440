//! Logs: JSON, one line an event; events and ids, never bodies, codes,
//! addresses or passwords.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

/// Starts logging at the level of `RUST_LOG` (default `info`). It moves our
/// own lines only: libraries would write bodies at `debug` and `trace`, so
/// they stay at `warn` whatever is asked for.
pub fn init() {
    let asked = std::env::var("RUST_LOG").ok().and_then(|text| text.parse().ok()).unwrap_or(LevelFilter::INFO);
    // A second start in one process (a test) keeps the first.
    let _ = tracing_subscriber::fmt().json().flatten_event(true).with_current_span(false).with_env_filter(filter(asked)).try_init();
}

/// The filter that [`init`] sets for a level.
pub fn filter(asked: LevelFilter) -> EnvFilter {
    EnvFilter::new(format!("warn,platform={asked},domain={asked}"))
}
