use super::*;

fn sms(to: &str, text: &str) -> Draft {
    Draft { to: to.into(), text: text.into(), ..Draft::default() }
}

fn take(inbox: &Inbox, channel: Channel) -> Option<Failure> {
    inbox.take_failure(channel, &["+15550100".to_owned()])
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

#[tokio::test]
async fn a_send_that_comes_to_nothing_ends_no_wait_for_a_message() {
    let inbox = Inbox::default();
    inbox.fail_next(Channel::Sms, Failure::OptedOut);
    let waiting = inbox.wait(None, 0, Duration::from_secs(30));
    let sending = async {
        take(&inbox, Channel::Sms);
        tokio::task::yield_now().await;
        inbox.receive(Channel::Sms, sms("+15550100", "the one after it"));
    };
    let (found, ()) = tokio::join!(waiting, sending);
    assert_eq!(found[0].text, "the one after it");
}

#[tokio::test]
async fn every_change_is_a_revision() {
    let inbox = Inbox::default();
    let changes: [&dyn Fn(); 6] = [
        &|| inbox.receive(Channel::Sms, sms("+15550100", "one")),
        &|| inbox.fail_next(Channel::Sms, Failure::Throttled),
        &|| inbox.call_off(None, None),
        &|| inbox.fail_next(Channel::Sms, Failure::OptedOut),
        &|| assert_eq!(take(&inbox, Channel::Sms), Some(Failure::OptedOut)),
        &|| inbox.clear(),
    ];
    let mut seen = inbox.changed_since(0, Duration::from_secs(30)).await;
    for change in changes {
        let (now, ()) =
            tokio::join!(inbox.changed_since(seen, Duration::from_secs(30)), async { change() });
        assert_ne!(now, seen);
        seen = now;
    }
    assert_eq!(take(&inbox, Channel::Sms), None);
    assert_eq!(inbox.changed_since(seen, Duration::from_millis(20)).await, seen, "nothing changed");
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
    assert_eq!(take(&inbox, Channel::Email), Some(Failure::Rejected));
    assert_eq!(take(&inbox, Channel::Email), None);
    assert_eq!(take(&inbox, Channel::Sms), Some(Failure::Throttled));
}

#[test]
fn failures_are_called_off_by_channel_and_kind() {
    let armed = [
        (Channel::Sms, Failure::Throttled),
        (Channel::Sms, Failure::OptedOut),
        (Channel::Email, Failure::Throttled),
    ];
    let check = |channel, failure, left: &[(Channel, Failure)]| {
        let inbox = Inbox::default();
        for (channel, failure) in armed {
            inbox.fail_next(channel, failure);
        }
        inbox.call_off(channel, failure);
        assert_eq!(inbox.failures(), left, "{channel:?} {failure:?}");
    };
    check(Some(Channel::Sms), Some(Failure::Throttled), &armed[1..]);
    check(Some(Channel::Sms), None, &armed[2..]);
    check(None, Some(Failure::Throttled), &armed[1..2]);
    check(None, None, &[]);
}

#[test]
fn a_send_that_comes_to_nothing_is_written_down_and_the_tries_of_one_are_one_line() {
    let inbox = Inbox::default();
    for failure in [Failure::Throttled, Failure::Throttled, Failure::OptedOut, Failure::OptedOut] {
        inbox.fail_next(Channel::Sms, failure);
        take(&inbox, Channel::Sms);
    }
    let seen: Vec<_> = inbox
        .undelivered()
        .into_iter()
        .map(|line| (line.id, line.failure, line.times, line.to))
        .collect();
    let to = || "+15550100".to_owned();
    assert_eq!(
        seen,
        [
            (1, Failure::Throttled, 2, to()),
            (2, Failure::OptedOut, 1, to()),
            (3, Failure::OptedOut, 1, to())
        ]
    );
    inbox.clear();
    assert_eq!(inbox.undelivered(), []);
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let inbox = Inbox::default();
    for _ in 0..=UNDELIVERED_KEPT {
        inbox.fail_next(Channel::Sms, Failure::OptedOut);
        take(&inbox, Channel::Sms);
    }
    for _ in 0..=KEPT {
        inbox.receive(Channel::Sms, sms("+15550100", "one of many"));
    }
    assert_eq!((inbox.all().len(), inbox.all()[0].id), (KEPT, 2));
    assert_eq!((inbox.undelivered().len(), inbox.undelivered()[0].id), (UNDELIVERED_KEPT, 2));
}
