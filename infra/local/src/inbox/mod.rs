//! Keeps the messages that the stand-ins received, in memory: local development
//! sends no real messages.
//!
//! - [`Message`], [`Undelivered`]: the contents of the inbox
//! - `reading`: finds the code, language and length of a text
//! - `api`: the inbox page, and JSON for tests
//! - `localstack`: the same messages under LocalStack's paths

pub(crate) mod api;
mod localstack;
mod message;
mod number;
mod reading;

pub use message::{Channel, Failure, Message, Undelivered};
pub use reading::parts;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;

pub(crate) use message::Draft;

/// The number of messages kept, the newest ones: `cargo latchkey` may run for weeks.
const KEPT: usize = 1000;
/// The number of failed sends kept. The inbox page reads all of them each time.
const UNDELIVERED_KEPT: usize = 100;

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    last_id: u64,
    undelivered: VecDeque<Undelivered>,
    last_undelivered: u64,
    failures: Vec<(Channel, Failure)>,
}

/// The inbox of one set of stand-ins. Clones share its contents.
#[derive(Clone)]
pub struct Inbox {
    state: Arc<Mutex<State>>,
    /// Increases with each change of `state`.
    revision: watch::Sender<u64>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { state: Arc::default(), revision: watch::Sender::new(1) }
    }
}

impl Inbox {
    /// Returns all messages, oldest first.
    pub fn all(&self) -> Vec<Message> {
        self.state().messages.iter().cloned().collect()
    }

    /// Returns the messages that `address` (an email address or a number) received, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.after(Some(address), 0)
    }

    /// Waits until `to` has a message with an ID above `after`, at most for
    /// `patience`, and returns such messages. `None` stands for all receivers.
    pub async fn wait(&self, to: Option<&str>, after: u64, patience: Duration) -> Vec<Message> {
        let mut changes = self.revision.subscribe();
        let found = async {
            loop {
                let messages = self.after(to, after);
                // `self` holds the sender, so `changed()` cannot fail.
                if !messages.is_empty() || changes.changed().await.is_err() {
                    return messages;
                }
            }
        };
        tokio::time::timeout(patience, found).await.unwrap_or_default()
    }

    /// Waits until the revision differs from `seen`, at most for `patience`, and
    /// returns the current revision. State read afterwards may be newer than this
    /// revision, never older.
    pub(crate) async fn changed_since(&self, seen: u64, patience: Duration) -> u64 {
        let mut changes = self.revision.subscribe();
        let other = changes.wait_for(|revision| *revision != seen);
        let _ = tokio::time::timeout(patience, other).await;
        *self.revision.borrow()
    }

    /// Returns the failed sends, oldest first.
    pub fn undelivered(&self) -> Vec<Undelivered> {
        self.state().undelivered.iter().cloned().collect()
    }

    /// Deletes all messages and failed sends. IDs keep increasing, and queued
    /// failures stay queued.
    pub fn clear(&self) {
        self.change(|state| {
            state.messages.clear();
            state.undelivered.clear();
        });
    }

    /// Deletes the messages for which `gone` returns true.
    pub(crate) fn forget(&self, gone: impl Fn(&Message) -> bool) {
        self.change(|state| state.messages.retain(|message| !gone(message)));
    }

    /// Makes the next send on `channel` fail. Several calls queue several failures.
    pub fn fail_next(&self, channel: Channel, failure: Failure) {
        self.change(|state| state.failures.push((channel, failure)));
    }

    /// Returns the queued failures, in order.
    pub fn failures(&self) -> Vec<(Channel, Failure)> {
        self.state().failures.clone()
    }

    /// Cancels the queued failures of kind `failure` on `channel`; `None` stands for any.
    pub fn call_off(&self, channel: Option<Channel>, failure: Option<Failure>) {
        let kept = |(of, kind): &(Channel, Failure)| {
            channel.is_some_and(|c| c != *of) || failure.is_some_and(|f| f != *kind)
        };
        self.change(|state| state.failures.retain(kept));
    }

    /// Takes the next queued failure on `channel`, if there is one, and records it
    /// for each address in `to`.
    pub(crate) fn take_failure(&self, channel: Channel, to: &[String]) -> Option<Failure> {
        let next = self.state().failures.iter().any(|(of, _)| *of == channel);
        // Most sends have no queued failure and change nothing.
        next.then(|| self.change(|state| state.take_failure(channel, to))).flatten()
    }

    pub(crate) fn receive(&self, channel: Channel, draft: Draft) {
        self.change(|state| {
            state.last_id += 1;
            state.messages.push_back(draft.arrive(state.last_id, channel));
            if state.messages.len() > KEPT {
                state.messages.pop_front();
            }
        });
    }

    fn after(&self, to: Option<&str>, after: u64) -> Vec<Message> {
        let wanted = |message: &&Message| {
            message.id > after && to.is_none_or(|to| to.eq_ignore_ascii_case(&message.to))
        };
        let state = self.state();
        state.messages.iter().filter(wanted).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }

    /// Changes the state, then wakes the callers that wait for changes.
    fn change<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let done = act(&mut self.state());
        self.revision.send_modify(|revision| *revision += 1);
        done
    }
}

impl State {
    fn take_failure(&mut self, channel: Channel, to: &[String]) -> Option<Failure> {
        let next = self.failures.iter().position(|(of, _)| *of == channel)?;
        let (_, failure) = self.failures.remove(next);
        for to in to {
            self.write_down(channel, failure, to);
        }
        Some(failure)
    }

    fn write_down(&mut self, channel: Channel, failure: Failure, to: &str) {
        let at = Timestamp::now();
        if let Some(last) =
            self.undelivered.back_mut().filter(|last| last.goes_on(channel, failure, to))
        {
            last.times += 1;
            last.at = at;
            return;
        }
        self.last_undelivered += 1;
        let id = self.last_undelivered;
        self.undelivered.push_back(Undelivered {
            id,
            channel,
            to: to.to_owned(),
            failure,
            times: 1,
            at,
        });
        if self.undelivered.len() > UNDELIVERED_KEPT {
            self.undelivered.pop_front();
        }
    }
}

#[cfg(test)]
mod tests;
