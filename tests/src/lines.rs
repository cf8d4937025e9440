//! Captures the log lines and metrics that functions write.

use platform::log::{Function, Logging, subscriber};
use platform::metrics::Metrics;
use serde_json::Value;
use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

/// The namespace of the metrics that tests write.
pub const NAMESPACE: &str = "Latchkey/tests";

thread_local! {
    /// The destination of this thread's metrics, if a test captures them.
    static OF_THREAD: RefCell<Option<Lines>> = const { RefCell::new(None) };
}
/// The destination of all other threads' metrics, if a test captures them.
static OF_PROCESS: OnceLock<Lines> = OnceLock::new();

/// Returns a metrics writer for the test that captures metrics on this thread, as
/// tracing does for log events.
pub fn metrics() -> Metrics {
    let write = |line: &str| {
        let to = OF_THREAD.with_borrow(Clone::clone);
        if let Some(mut lines) = to.or_else(|| OF_PROCESS.get().cloned()) {
            lines.write_all(line.as_bytes()).expect("memory takes it");
        }
    };
    Metrics { namespace: Some(NAMESPACE.to_owned()), function: function(), write }
}

fn function() -> Function {
    Function { name: "latchkey-tests".to_owned(), version: "$LATEST".to_owned() }
}

/// Captured lines. Clones share them.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Returns all bytes captured so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no panic holds it").clone()
    }

    /// Returns a log subscriber, configured as in a function, that writes to these lines.
    fn subscriber(&self, level: LevelFilter) -> impl Subscriber + Send + Sync + use<> {
        subscriber(Logging { level, function: function() }, self.clone())
    }

    /// Captures the log and the metrics of this thread only, until the guard is dropped.
    pub fn listen(&self, level: LevelFilter) -> Listening {
        OF_THREAD.set(Some(self.clone()));
        Listening {
            // With a single subscriber, tracing decides once for all threads whether a log
            // line is enabled. A second subscriber prevents that.
            _other: Dispatch::new(NoSubscriber::default()),
            _log: set_default(self.subscriber(level)),
        }
    }

    /// Captures the log and the metrics of every thread that has no capture of its own,
    /// until the process ends. Only one test may do so.
    pub fn listen_everywhere(&self, level: LevelFilter) {
        self.subscriber(level).try_init().expect("the first to log");
        OF_PROCESS.set(self.clone()).ok().expect("the first to count");
    }

    /// Removes and returns the lines so far, each parsed as a JSON object.
    #[track_caller]
    pub fn take(&self) -> Vec<Value> {
        let text =
            String::from_utf8(std::mem::take(&mut *self.0.lock().expect("no panic holds it")))
                .expect("UTF-8");
        let object = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
        };
        text.split_terminator('\n')
            .map(object)
            .inspect(|line: &Value| assert!(line.is_object(), "{line}"))
            .collect()
    }
}

/// A guard that captures the log and the metrics of a thread until it is dropped.
pub struct Listening {
    _log: DefaultGuard,
    _other: Dispatch,
}

impl Drop for Listening {
    fn drop(&mut self) {
        OF_THREAD.set(None);
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic holds it").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Lines;
    fn make_writer(&'a self) -> Lines {
        self.clone()
    }
}
