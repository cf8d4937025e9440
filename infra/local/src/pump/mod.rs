//! Replaces Lambda's event source mapping between the table's stream and
//! `send-code`: filters, batches, retries and bisects records, and stores those
//! that keep failing.

mod delivery;
mod stream;

use std::{
    convert::Infallible, fmt::Display, fs::OpenOptions, io::Write, os::unix::fs::OpenOptionsExt,
    path::PathBuf, time::Duration,
};

use anyhow::Result;
use serde_json::{Value, json};

use crate::dynamodb::Embedded;
use stream::Stream;

pub use delivery::TRIES;

/// Records in one invocation: the template's `BatchSize`.
pub const BATCH_SIZE: usize = 10;
/// The key prefix of the items that invoke `send-code`: the template's filter on `Keys.pk.S`.
pub const OUTBOX: &str = "OUTBOX#";

/// The time between reads of an idle stream: too short for a person to notice.
const IDLE: Duration = Duration::from_millis(100);
/// The wait after a first failure, 0.2 s. The next wait is twice that.
const PAUSE: Duration = Duration::from_millis(200);

/// A record that the function refused, and its last error.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetter {
    pub record: Value,
    pub reason: String,
}

/// Passes records from the table's stream to a function.
pub struct Pump {
    stream: Stream,
    pause: Duration,
    dead_letters: Vec<DeadLetter>,
    dead_letter_file: PathBuf,
}

impl Pump {
    /// Creates a pump that starts at the oldest record not yet handled.
    ///
    /// # Errors
    /// When the table has no stream or its file cannot be opened.
    pub fn new(embedded: &Embedded) -> Result<Self> {
        Ok(Self {
            stream: Stream::open(embedded)?,
            pause: PAUSE,
            dead_letters: Vec::new(),
            dead_letter_file: embedded.dir().join("dead-letters.jsonl"),
        })
    }

    /// Retries without waiting, for tests.
    pub fn without_pauses(mut self) -> Self {
        self.pause = Duration::ZERO;
        self
    }

    /// Passes every record in the stream to the function, also those written
    /// meanwhile, and returns their number, including refused records. `invoke`
    /// gets a Lambda event and returns the function's response; `Err` stands for a
    /// function error.
    ///
    /// # Errors
    /// When the stream cannot be read or pruned. A record may then be delivered
    /// twice, as on AWS.
    pub async fn drain<F, E>(&mut self, invoke: F) -> Result<usize>
    where
        F: AsyncFn(Value) -> Result<Value, E>,
        E: Display,
    {
        let mut handed = 0;
        loop {
            let records = self.stream.oldest()?;
            if records.is_empty() {
                return Ok(handed);
            }
            let (wanted, other): (Vec<_>, Vec<_>) = records.into_iter().partition(wakes);
            if !other.is_empty() {
                self.stream.forget(&other)?;
            }
            for batch in wanted.chunks(BATCH_SIZE) {
                for (record, reason) in delivery::deliver(batch, self.pause, &invoke).await {
                    self.set_aside(DeadLetter { record, reason })?;
                }
                self.stream.forget(batch)?;
                handed += batch.len();
            }
        }
    }

    /// Drains the stream again and again until this future is dropped.
    ///
    /// # Errors
    /// Those of [`Pump::drain`].
    pub async fn run<F, E>(&mut self, invoke: F) -> Result<Infallible>
    where
        F: AsyncFn(Value) -> Result<Value, E>,
        E: Display,
    {
        loop {
            self.drain(&invoke).await?;
            tokio::time::sleep(IDLE).await;
        }
    }

    /// Returns the records given up since this pump was created, oldest first. The
    /// file `dead-letters.jsonl` in the data directory holds all of them too.
    pub fn dead_letters(&self) -> &[DeadLetter] {
        &self.dead_letters
    }

    fn set_aside(&mut self, letter: DeadLetter) -> Result<()> {
        let line = json!({ "reason": letter.reason, "record": letter.record });
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.dead_letter_file)?;
        writeln!(file, "{line}")?;
        eprintln!(
            "warning: send-code refused {} after {TRIES} tries ({}); kept in {}",
            letter.record["dynamodb"]["Keys"]["sk"]["S"],
            letter.reason,
            self.dead_letter_file.display()
        );
        self.dead_letters.push(letter);
        Ok(())
    }
}

/// Whether the record passes the template's filter: only new outbox items invoke the function.
fn wakes(record: &Value) -> bool {
    record["eventName"] == "INSERT"
        && record["dynamodb"]["Keys"]["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with(OUTBOX))
}

#[cfg(test)]
mod tests;
