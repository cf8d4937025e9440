//! Known devices: their tokens, when an account knows one, and which one a new one replaces.

use crate::{BEGIN, account, bearer, handle, keys};
use domain::account::Account;
use domain::device::{
    DEVICE_KEPT, Device, DeviceSlot, DeviceToken, SentDevices, USED_STEP, slot_for_new,
};
use domain::identity::{Handle, Uid};
use domain::secret::{Bearer, BearerKind};
use domain::time::Span;
use std::collections::BTreeMap;

fn token(of: char, slot: usize, byte: u8) -> DeviceToken {
    DeviceToken::new(handle(of), DeviceSlot::ALL[slot], [byte; 32])
}

#[test]
fn a_token_is_read_back_and_an_almost_valid_one_is_refused() {
    for slot in DeviceSlot::ALL {
        let token = DeviceToken::new(handle('h'), slot, [7; 32]);
        let read = DeviceToken::parse(&token.reveal(&keys())).expect("a token");
        assert!(read.digest().matches(&token.digest()));
        assert!(read.is_genuine(&keys()));
        assert_eq!((read.handle, read.slot), (token.handle, slot));
    }
    let good = token('h', 3, 7).reveal(&keys());
    let at = 4 + Handle::LENGTH;
    #[rustfmt::skip]
    let refused = [
        String::new(), "lkd_".into(), "new".into(), good[4..].into(), good.replacen("lkd_", "LKD_", 1), good.replacen("lkd_", "lks_", 1),
        good[..good.len() - 1].into(), format!("{good}A"), format!("{good}="), format!(" {good}"), format!("{good}\n"), good.replacen('h', "#", 1), good.replacen('h', "字", 1),
        format!("{}5{}", &good[..at], &good[at + 1..]), format!("{}x{}", &good[..at], &good[at + 1..]), format!("{}{}", &good[..at], &good[at + 1..]),
    ];
    for text in refused {
        assert!(DeviceToken::parse(&text).is_none(), "{text:?}");
    }
    // Neither kind of token is accepted as the other.
    assert!(Bearer::parse(&good).is_none());
    assert!(DeviceToken::parse(&bearer(BearerKind::Session, 7).reveal()).is_none());
    let same_bytes = bearer(BearerKind::Session, 7).digest();
    assert!(!same_bytes.matches(&token('h', 3, 7).digest()));
}

#[test]
fn only_the_keys_make_a_genuine_token() {
    let good = token('h', 3, 7).reveal(&keys());
    let at = 4 + Handle::LENGTH;
    let made_up = [
        format!("{}4{}", &good[..at], &good[at + 1..]),
        format!("{}C{}", &good[..at + 1], &good[at + 2..]),
        format!("{}{}", &good[..good.len() - 22], "A".repeat(22)),
        good.replacen('h', "i", 1),
    ];
    for text in made_up {
        let token = DeviceToken::parse(&text).expect("a token");
        assert!(!token.is_genuine(&keys()), "{text}");
        let sent = SentDevices::new(vec![token], true).genuine(&keys());
        assert!(sent.of(&handle('h')).is_none() && sent.in_header);
    }
}

#[test]
fn only_the_first_token_of_an_account_counts() {
    let sent = SentDevices::new(vec![token('a', 1, 1), token('b', 0, 2), token('a', 2, 3)], false);
    let of = |of| sent.of(&handle(of)).map(|token| token.slot);
    assert_eq!(
        [of('a'), of('b'), of('c')],
        [Some(DeviceSlot::ALL[1]), Some(DeviceSlot::ALL[0]), None]
    );
    let others: Vec<_> = sent.of_others(&handle('a')).map(|token| token.handle.clone()).collect();
    assert_eq!(others, [handle('b')]);
}

#[test]
fn a_device_is_known_until_its_account_forgets_it_or_180_days_after_its_use() {
    let ann = account();
    let device = Device::issue(&token('h', 0, 1), &ann, BEGIN, "request-1");
    let known = |account: &Account, after: Span| device.is_known(account, BEGIN + after);
    assert!(known(&ann, Span(0)) && known(&ann, Span(DEVICE_KEPT.0 - 1)));
    assert!(!known(&ann, DEVICE_KEPT));
    // A change that ends only sessions leaves it known.
    assert!(known(&ann.clone().with_sessions_revoked(), Span(0)));
    let forgotten = ann.clone().with_devices_revoked();
    assert_eq!((forgotten.generation, forgotten.devices_since), (8, 8));
    assert!(!known(&forgotten, Span(0)));
    // The request that makes all others strangers issues one that is known.
    let newer = Device::issue(&token('h', 0, 2), &forgotten, BEGIN, "request-2");
    assert!(newer.is_known(&forgotten, BEGIN));
    assert!(newer.is_known(&forgotten.clone().with_sessions_revoked(), BEGIN));
    for other in [
        Account { enabled: false, ..ann.clone() },
        Account { uid: Uid("another".to_owned()), ..ann.clone() },
    ] {
        assert!(!known(&other, Span(0)));
    }
}

#[test]
fn the_use_of_a_device_is_recorded_once_a_day() {
    let device = Device::issue(&token('h', 0, 1), &account(), BEGIN, "request-1");
    let used = |after: Span| device.clone().used_at(BEGIN + after).used;
    assert_eq!(used(Span(USED_STEP.0 - 1)), BEGIN);
    assert_eq!(used(USED_STEP), BEGIN + USED_STEP);
}

#[test]
fn a_new_device_gets_a_free_slot_or_that_of_a_stranger_or_of_the_least_recently_used() {
    let ann = account();
    let mut devices = BTreeMap::new();
    for (n, slot) in DeviceSlot::ALL.into_iter().enumerate() {
        assert_eq!(slot_for_new(&devices, &ann, BEGIN), slot, "the first free one");
        let used = BEGIN + Span::days([3, 1, 4, 2, 5][n]);
        let device = Device::issue(&token('h', n, 1), &ann, used, "request-1");
        devices.insert(slot, device);
    }
    let now = BEGIN + Span::days(6);
    let chosen = |devices: &_, account: &Account| slot_for_new(devices, account, now);
    assert_eq!(chosen(&devices, &ann), DeviceSlot::ALL[1], "the least recently used");
    let mut with_a_stranger = devices.clone();
    let stranger = with_a_stranger.get_mut(&DeviceSlot::ALL[4]).expect("a device");
    stranger.uid = Uid("another".to_owned());
    assert_eq!(chosen(&with_a_stranger, &ann), DeviceSlot::ALL[4], "a stranger's");
    assert_eq!(chosen(&devices, &ann.with_devices_revoked()), DeviceSlot::ALL[0], "all strangers");
}
