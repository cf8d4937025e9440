//! Known devices: browsers and API clients in which the owner of an account completed every step
//! of signing in.
//!
//! A known device has a sign-in lock of its own. So an attacker who locks the account's sign-in,
//! or uses up the limits of a source address, does not keep the owner out. This is OWASP's
//! "Slow Down Online Guessing Attacks with Device Cookies".

use crate::account::Account;
use crate::identity::{Handle, Uid};
use crate::key::Keys;
use crate::lockout::Lock;
use crate::secret::{BearerDigest, SECRET_BYTES};
use crate::time::{Span, Time};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The most devices of an account. A phone, a computer, and a few more browsers fit. Each
/// has a lock of its own, so each adds guesses for a thief who holds it (OWASP device cookies).
pub const DEVICES: u8 = 5;
/// How long a device is known after its last use. It is longer than most absences from work, and
/// below the 400 days that browsers keep a cookie (RFC 6265bis 5.5).
pub const DEVICE_KEPT: Span = Span::days(180);
/// The shortest time between two records of a device's use, so that most sign-ins write nothing
/// to it.
pub const USED_STEP: Span = Span::days(1);

/// The length of a token's random bytes as text.
const SECRET_TEXT: usize = 43;
/// The length of a token's tag: a keyed pseudonym of the rest.
const TAG: usize = 22;

/// How the text of a device token begins.
const PREFIX: &str = "lkd_";

/// The place of a device among those of its account: 0 to 4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceSlot(u8);

impl DeviceSlot {
    /// All slots.
    pub const ALL: [DeviceSlot; DEVICES as usize] =
        [DeviceSlot(0), DeviceSlot(1), DeviceSlot(2), DeviceSlot(3), DeviceSlot(4)];

    /// The slot as one digit.
    pub fn digit(self) -> char {
        char::from(b'0' + self.0)
    }

    fn parse(digit: &str) -> Option<DeviceSlot> {
        DeviceSlot::ALL.into_iter().find(|slot| digit == slot.digit().to_string())
    }
}

/// The secret by which a device is known: a prefix, the account's handle (keyed pseudonym of its
/// user ID), the slot, 256 random bits, and a tag by which a token that Latchkey issued is told
/// from a made-up one before any read. Only its digest is stored. It gives no access: the password
/// must be right too.
#[derive(Clone)]
pub struct DeviceToken {
    /// The handle of the account.
    pub handle: Handle,
    /// The slot of the device.
    pub slot: DeviceSlot,
    secret: Zeroizing<[u8; SECRET_BYTES]>,
    /// The tag that came with the token; empty for a new one.
    tag: String,
}

impl DeviceToken {
    /// Creates a device token from fresh random bytes.
    pub fn new(handle: Handle, slot: DeviceSlot, secret: [u8; SECRET_BYTES]) -> DeviceToken {
        DeviceToken { handle, slot, secret: Zeroizing::new(secret), tag: String::new() }
    }

    /// Reads the text that [`DeviceToken::reveal`] returned; `None` for any other text.
    pub fn parse(text: &str) -> Option<DeviceToken> {
        let rest = text.strip_prefix(PREFIX)?;
        let handle = Handle::parse(rest.get(..Handle::LENGTH)?)?;
        let slot = DeviceSlot::parse(rest.get(Handle::LENGTH..=Handle::LENGTH)?)?;
        let (secret, tag) = rest.get(Handle::LENGTH + 1..)?.split_at_checked(SECRET_TEXT)?;
        let secret: [u8; SECRET_BYTES] = BASE64.decode(secret).ok()?.try_into().ok()?;
        let mut token = DeviceToken::new(handle, slot, secret);
        tag.clone_into(&mut token.tag);
        (tag.len() == TAG).then_some(token)
    }

    /// Returns the token as text, for the answer that hands it out.
    pub fn reveal(&self, keys: &Keys) -> String {
        let (handle, slot) = (self.handle.as_str(), self.slot.digit());
        format!("{PREFIX}{handle}{slot}{}{}", BASE64.encode(*self.secret), self.right_tag(keys))
    }

    /// Whether Latchkey issued the token, in constant time. It may be outdated.
    pub fn is_genuine(&self, keys: &Keys) -> bool {
        self.right_tag(keys).as_bytes().ct_eq(self.tag.as_bytes()).into()
    }

    fn right_tag(&self, keys: &Keys) -> String {
        keys.pseudonym("device token", &format!("{} {}", self.place(), self.digest().as_str()))
    }

    /// Computes the stored digest. It does not depend on the slot.
    pub fn digest(&self) -> BearerDigest {
        BearerDigest::of(PREFIX, "secret", &self.secret)
    }

    /// The device by its account and slot, as text: requests of a known device are counted under
    /// it.
    pub fn place(&self) -> String {
        format!("{}{}", self.handle.as_str(), self.slot.digit())
    }
}

/// The device tokens of a request.
#[derive(Clone, Default)]
pub struct SentDevices {
    /// At most one token of each account, newest first.
    tokens: Vec<DeviceToken>,
    /// Whether the client keeps the token itself and sends it in the header `Latchkey-Device`. If
    /// not, the token is in the cookie of devices.
    pub in_header: bool,
    /// Whether the request gets a token, if it completes every step and its device is not known.
    pub wanted: bool,
}

impl SentDevices {
    /// Creates the tokens of a request. Only the first token of each account counts.
    pub fn new(tokens: Vec<DeviceToken>, in_header: bool) -> SentDevices {
        let mut sent = SentDevices { tokens: Vec::new(), in_header, wanted: false };
        for token in tokens {
            if sent.of(&token.handle).is_none() {
                sent.tokens.push(token);
            }
        }
        sent
    }

    /// Returns the tokens that Latchkey issued. Without the others, a made-up token causes the same
    /// read as none, whether or not the account exists.
    pub fn genuine(&self, keys: &Keys) -> SentDevices {
        let mut sent = self.clone();
        sent.tokens.retain(|token| token.is_genuine(keys));
        sent
    }

    /// The token of this account, if the request has one.
    pub fn of(&self, handle: &Handle) -> Option<&DeviceToken> {
        self.tokens.iter().find(|token| token.handle == *handle)
    }

    /// The tokens of all other accounts, newest first.
    pub fn of_others(&self, handle: &Handle) -> impl Iterator<Item = &DeviceToken> {
        self.tokens.iter().filter(move |token| token.handle != *handle)
    }
}

/// One device, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Device {
    /// The digest of the device's token.
    pub digest: BearerDigest,
    /// The internal ID of the account.
    pub uid: Uid,
    /// The account's generation when the device was issued. The device is known while this is at
    /// least [`Account::devices_since`].
    pub generation: u64,
    /// When the device was issued.
    pub issued: Time,
    /// The last recorded use, at most [`USED_STEP`] before the actual last use.
    pub used: Time,
    /// The sign-in lock of the device.
    pub lock: Lock,
}

impl Device {
    /// Creates a new device of the account, whose generation it gets. `request` is the ID of the
    /// request.
    pub fn issue(token: &DeviceToken, account: &Account, now: Time, request: &str) -> Device {
        Device {
            digest: token.digest(),
            uid: account.uid.clone(),
            generation: account.generation,
            issued: now,
            used: now,
            lock: Lock { revision: request.to_owned(), ..Lock::default() },
        }
    }

    /// Whether the account knows the device: it was issued after the last event that made all
    /// devices unknown, and used in the last [`DEVICE_KEPT`]. This compares the time too, because
    /// the table deletes expired items days later.
    pub fn is_known(&self, account: &Account, now: Time) -> bool {
        account.enabled
            && self.uid == account.uid
            && self.generation >= account.devices_since
            && self.used + DEVICE_KEPT > now
    }

    /// Whether the use of the device now must be recorded.
    pub fn renewal_due(&self, now: Time) -> bool {
        self.used + USED_STEP <= now
    }

    /// Returns the device with a use now, if it must be recorded.
    pub fn used_at(mut self, now: Time) -> Device {
        if self.renewal_due(now) {
            self.used = now;
        }
        self
    }
}

/// Chooses the slot of a new device: the first that is free or holds a device that the account
/// does not know, or else the one used least recently.
pub fn slot_for_new(
    devices: &BTreeMap<DeviceSlot, Device>,
    account: &Account,
    now: Time,
) -> DeviceSlot {
    let last_use = |slot: &DeviceSlot| {
        devices.get(slot).filter(|device| device.is_known(account, now)).map(|device| device.used)
    };
    // `None` is less than every time.
    let [first, rest @ ..] = DeviceSlot::ALL;
    rest.into_iter().fold(first, |best, slot| match last_use(&slot) < last_use(&best) {
        true => slot,
        false => best,
    })
}
