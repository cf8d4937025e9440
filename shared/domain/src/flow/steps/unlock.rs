//! Unlocking an account.

use crate::account::Account;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::device::{Device, DeviceSlot};
use crate::identity::Handle;
use crate::key::Keys;
use crate::kind::Kind;
use crate::port::{Change, Snapshot, Want};
use std::collections::BTreeSet;

/// What [`unlock_changes`] needs beside the account.
pub(in crate::flow) fn wanted_devices(handle: &Handle) -> impl Iterator<Item = Want<'_>> {
    DeviceSlot::ALL.into_iter().map(move |slot| Want::Device(handle, slot))
}

/// Returns the changes that unlock sign-in, also on the devices that were read, and clear the
/// failed guesses of resets and registrations. Destinations that are not the account's have counts
/// of their own, which stay. Codes that were sent stay valid.
pub(in crate::flow) fn unlock_changes(
    ctx: &RequestContext,
    keys: &Keys,
    handle: &Handle,
    account: &Account,
    read: &Snapshot,
) -> Vec<Change> {
    let mut ledgers = BTreeSet::from([LedgerId::Registration, LedgerId::Devices]);
    ledgers.extend(Kind::ALL.iter().map(|kind| LedgerId::Reset { kind: *kind, typed: None }));
    ledgers.extend(
        account.addresses().iter().map(|to| LedgerId::Reset {
            kind: to.kind(),
            typed: Some(keys.typed_name(handle, to)),
        }),
    );
    let clear = |ledger| Change::ClearFails { handle: handle.clone(), ledger, now: ctx.now };
    let mut changes = vec![Change::ClearLock { handle: handle.clone() }];
    changes.extend(ledgers.into_iter().map(clear));
    changes.extend(read.devices.iter().filter_map(|(slot, device)| {
        let lock = device.lock.after_right(&ctx.id)?;
        Some(Change::SaveDevice {
            handle: handle.clone(),
            slot: *slot,
            digest: device.digest.clone(),
            seen: device.lock.revision.clone(),
            device: Box::new(Device { lock, ..device.clone() }),
        })
    }));
    changes
}
