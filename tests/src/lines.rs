//! What was logged, for a test to look through.

use platform::log::{Logging, subscriber};
use serde_json::Value;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Where metrics go that are written here.
pub const NAMESPACE: &str = "Latchkey/tests";

/// Lines of a log. Clones share them.
#[derive(Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Everything so far.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().expect("no panic holds it").clone()
    }

    /// What logs here as a function does, metrics among it.
    pub fn subscriber(&self, level: LevelFilter) -> impl Subscriber + Send + Sync + use<> {
        let (function, function_version) = ("latchkey-tests".to_owned(), "$LATEST".to_owned());
        subscriber(
            Logging { level, metrics: Some(NAMESPACE.to_owned()), function, function_version },
            self.clone(),
        )
    }

    /// Takes down what is logged on this thread, and on no other, until what is
    /// given back is dropped.
    pub fn listen(&self, level: LevelFilter) -> (DefaultGuard, Dispatch) {
        // Were there one subscriber alone, tracing would ask that of whichever
        // thread comes to a line first, and keep its word.
        let other = Dispatch::new(NoSubscriber::default());
        (set_default(self.subscriber(level)), other)
    }

    /// The lines so far, each as its object, and none left.
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
