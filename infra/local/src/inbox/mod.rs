//! What the stand-ins received, in memory: nobody's phone rings on a laptop.

pub(crate) mod api;
mod reading;

pub use reading::parts;

use std::{
    collections::{BTreeMap, VecDeque},
    fmt,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use tokio::sync::watch;

/// The oldest messages go when there are more: a laptop may run for weeks.
const KEPT: usize = 1000;

/// The road a message took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Channel {
    Email,
    Sms,
}

/// What a stand-in does with a send instead of delivering it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    /// Too many requests (429). The SDK tries again by itself.
    Throttled,
    /// Accepted, and never delivered: what SNS does with a number whose owner
    /// has opted out. Only its delivery log tells.
    OptedOut,
    /// Accepted, and never delivered: what SES does with an address on the
    /// account's suppression list.
    Suppressed,
    /// Refused for good (400).
    Rejected,
}

/// A message as its receiver would see it.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// Grows by one with each message, also after the inbox was cleared.
    pub id: u64,
    pub channel: Channel,
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    /// Guessed from the text: `en` or `zh-TW`.
    pub language: &'static str,
    /// The parts of a text message; 1 for a mail.
    pub parts: usize,
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// The one-time code in it, where there is one.
    pub code: Option<String>,
    /// How it was asked to be sent: the message attributes of SNS.
    pub attributes: BTreeMap<String, String>,
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl fmt::Debug for Message {
    /// Without what was said: test output is kept, and codes are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({} {:?} to {})", self.id, self.channel, self.to)
    }
}

/// What a stand-in was asked to send.
#[derive(Default)]
pub(crate) struct Draft {
    pub to: String,
    pub from: Option<String>,
    pub subject: Option<String>,
    pub text: String,
    pub html: Option<String>,
    pub attributes: BTreeMap<String, String>,
}

#[derive(Default)]
struct State {
    messages: VecDeque<Message>,
    last_id: u64,
    failures: Vec<(Channel, Failure)>,
}

/// The messages of one set of stand-ins. Clones share them.
#[derive(Clone)]
pub struct Inbox {
    state: Arc<Mutex<State>>,
    changed: watch::Sender<()>,
}

impl Default for Inbox {
    fn default() -> Self {
        Self { state: Arc::default(), changed: watch::Sender::new(()) }
    }
}

impl Inbox {
    /// Everything, oldest first.
    pub fn all(&self) -> Vec<Message> {
        self.state().messages.iter().cloned().collect()
    }

    /// What `address` (an email address or a number) received, oldest first.
    pub fn to(&self, address: &str) -> Vec<Message> {
        self.after(Some(address), 0)
    }

    /// Waits until `to` has a message younger than `after`, for `patience` at
    /// most; returns those there are. `None` stands for anybody.
    pub async fn wait(&self, to: Option<&str>, after: u64, patience: Duration) -> Vec<Message> {
        let mut changes = self.changed.subscribe();
        let found = async {
            loop {
                let messages = self.after(to, after);
                // The sender lives in `self`: changed() cannot fail.
                if !messages.is_empty() || changes.changed().await.is_err() {
                    return messages;
                }
            }
        };
        tokio::time::timeout(patience, found).await.unwrap_or_default()
    }

    /// Forgets all messages. Ids go on.
    pub fn clear(&self) {
        self.state().messages.clear();
        self.changed.send_replace(());
    }

    /// Makes the next send on `channel` fail. Several calls queue up.
    pub fn fail_next(&self, channel: Channel, failure: Failure) {
        self.state().failures.push((channel, failure));
        self.changed.send_replace(());
    }

    /// The failures that wait for a send, in order.
    pub fn failures(&self) -> Vec<(Channel, Failure)> {
        self.state().failures.clone()
    }

    pub(crate) fn take_failure(&self, channel: Channel) -> Option<Failure> {
        let failures = &mut self.state().failures;
        let next = failures.iter().position(|(of, _)| *of == channel)?;
        Some(failures.remove(next).1)
    }

    pub(crate) fn receive(&self, channel: Channel, draft: Draft) {
        let mut state = self.state();
        state.last_id += 1;
        let seen = format!("{}\n{}", draft.subject.as_deref().unwrap_or(""), draft.text);
        let message = Message {
            id: state.last_id,
            channel,
            language: reading::language(&seen),
            parts: match channel {
                Channel::Email => 1,
                Channel::Sms => reading::parts(&draft.text),
            },
            at: Timestamp::now(),
            code: reading::code(&seen),
            to: draft.to,
            from: draft.from,
            subject: draft.subject,
            text: draft.text,
            html: draft.html,
            attributes: draft.attributes,
        };
        state.messages.push_back(message);
        if state.messages.len() > KEPT {
            state.messages.pop_front();
        }
        drop(state);
        self.changed.send_replace(());
    }

    fn after(&self, to: Option<&str>, after: u64) -> Vec<Message> {
        let wanted = |message: &&Message| message.id > after && to.is_none_or(|to| to.eq_ignore_ascii_case(&message.to));
        let state = self.state();
        state.messages.iter().filter(wanted).cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under this lock")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(to: &str, text: &str) -> Draft {
        Draft { to: to.into(), text: text.into(), ..Draft::default() }
    }

    #[tokio::test]
    async fn waiting_ends_with_the_message_waited_for() {
        let inbox = Inbox::default();
        let waiting = inbox.wait(Some("+61491570156"), 0, Duration::from_secs(30));
        let sending = async {
            inbox.receive(Channel::Sms, sms("+15550100", "not this one"));
            inbox.receive(Channel::Sms, sms("+61491570156", "12345678 is your code"));
        };
        let (found, ()) = tokio::join!(waiting, sending);
        assert_eq!(found[0].code.as_deref(), Some("12345678"));
        assert_eq!(found.len(), 1);
    }

    #[tokio::test]
    async fn waiting_ends_with_the_time() {
        let inbox = Inbox::default();
        inbox.receive(Channel::Sms, sms("+15550100", "old"));
        let patience = Duration::from_millis(20);
        assert_eq!(inbox.wait(None, 1, patience).await, []);
    }

    #[test]
    fn ids_go_on_after_clearing() {
        let inbox = Inbox::default();
        inbox.receive(Channel::Sms, sms("+15550100", "one"));
        inbox.clear();
        inbox.receive(Channel::Sms, sms("+15550100", "two"));
        assert_eq!(inbox.all()[0].id, 2);
    }

    #[test]
    fn failures_are_taken_once_and_by_channel() {
        let inbox = Inbox::default();
        inbox.fail_next(Channel::Sms, Failure::Throttled);
        inbox.fail_next(Channel::Email, Failure::Rejected);
        assert_eq!(inbox.take_failure(Channel::Email), Some(Failure::Rejected));
        assert_eq!(inbox.take_failure(Channel::Email), None);
        assert_eq!(inbox.take_failure(Channel::Sms), Some(Failure::Throttled));
    }
}
