//! The device of a request: whether the account knows it, and issuing a new one.

use crate::account::Account;
use crate::context::RequestContext;
use crate::device::{Device, DeviceSlot, DeviceToken, slot_for_new};
use crate::error::Problem;
use crate::flow::steps::attempts::Attempts;
use crate::identity::Handle;
use crate::port::{Change, Snapshot, Store, Want};
use std::collections::BTreeMap;

/// The name that the random bytes of a device token are derived from.
const DEVICE_TOKEN: &str = "device";

/// The device to read for this request: the one whose token it has, known or not. A flow without a
/// session keeps only the genuine tokens first.
pub(in crate::flow) fn wanted_device<'a>(
    ctx: &RequestContext,
    handle: &'a Handle,
) -> Option<Want<'a>> {
    ctx.devices.of(handle).map(|token| Want::Device(handle, token.slot))
}

/// Returns the device that sent the request, if the account knows it.
pub(in crate::flow) fn known_device<'a>(
    ctx: &RequestContext,
    read: &'a Snapshot,
    account: Option<&Account>,
    handle: &Handle,
) -> Option<(DeviceSlot, &'a Device)> {
    let token = ctx.devices.of(handle)?;
    let device = read.devices.get(&token.slot)?;
    let is_it = device.digest.matches(&token.digest()) && device.is_known(account?, ctx.now);
    is_it.then_some((token.slot, device))
}

/// Returns the token of a new device, and the change that stores it, if the request wants one. It
/// is for requests that complete the last step. `account` is the account as the request leaves it.
///
/// Other requests may take the slot first. The last attempt issues no device, so that they never
/// refuse the request.
pub(in crate::flow) async fn issue_device(
    store: &impl Store,
    ctx: &RequestContext,
    attempts: &Attempts,
    account: &Account,
    handle: &Handle,
) -> Result<Option<(DeviceToken, Change)>, Problem> {
    if !ctx.devices.wanted || attempts.is_last() {
        return Ok(None);
    }
    let devices = all_devices(store, handle).await?;
    let slot = slot_for_new(&devices, account, ctx.now);
    let token = new_token(ctx, handle, slot);
    let change = Change::IssueDevice {
        handle: handle.clone(),
        slot,
        seen: devices.get(&slot).map(|device| device.digest.clone()),
        device: Box::new(Device::issue(&token, account, ctx.now, &ctx.id)),
    };
    Ok(Some((token, change)))
}

/// Returns the token of the device that an earlier idempotent request issued, for its repetition.
/// `None` if it issued none, or if the device was replaced since.
pub(in crate::flow) async fn device_again(
    store: &impl Store,
    ctx: &RequestContext,
    handle: &Handle,
) -> Result<Option<DeviceToken>, Problem> {
    if !ctx.devices.wanted {
        return Ok(None);
    }
    let devices = all_devices(store, handle).await?.into_iter();
    let mut tokens = devices.map(|(slot, device)| (device, new_token(ctx, handle, slot)));
    let issued = tokens.find(|(device, token)| device.digest.matches(&token.digest()));
    Ok(issued.map(|(_, token)| token))
}

/// Returns the token of a device that this request issues. A repeated idempotent request gets the
/// same secret.
pub(super) fn new_token(ctx: &RequestContext, handle: &Handle, slot: DeviceSlot) -> DeviceToken {
    DeviceToken::new(handle.clone(), slot, ctx.secret(DEVICE_TOKEN))
}

async fn all_devices(
    store: &impl Store,
    handle: &Handle,
) -> Result<BTreeMap<DeviceSlot, Device>, Problem> {
    let wants = DeviceSlot::ALL.map(|slot| Want::Device(handle, slot));
    Ok(store.read(&wants).await?.devices)
}
