//! Captures log lines for a test.

use platform::log::{Logging, subscriber};
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The namespace of metrics in tests.
pub const NAMESPACE: &str = "Latchkey/tests";

/// Captured log lines. Clones share them.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// All bytes so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no panic holds it").clone()
    }

    /// A subscriber that logs as a function does, metrics included.
    pub fn subscriber(&self, level: LevelFilter) -> impl Subscriber + Send + Sync + use<> {
        let (function, function_version) = ("latchkey-tests".to_owned(), "$LATEST".to_owned());
        subscriber(
            Logging { level, metrics: Some(NAMESPACE.to_owned()), function, function_version },
            self.clone(),
        )
    }

    /// Captures what this thread logs, until the returned guard is dropped.
    /// Other threads are not captured.
    pub fn listen(&self, level: LevelFilter) -> (DefaultGuard, Dispatch) {
        // With a single subscriber, tracing caches the interest of the first
        // thread that reaches a line for all threads. A second subscriber
        // prevents that.
        let other = Dispatch::new(NoSubscriber::default());
        (set_default(self.subscriber(level)), other)
    }

    /// Takes the lines so far, each parsed as an object.
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
