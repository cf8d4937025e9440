//! Unlocking an account.

use crate::account::Account;
use crate::challenge::LedgerId;
use crate::context::RequestContext;
use crate::identity::Handle;
use crate::key::Keys;
use crate::kind::Kind;
use crate::port::Change;
use std::collections::BTreeSet;

/// Returns the changes that unlock sign-in and clear the failed guesses of resets and
/// registrations. Destinations that are not the account's have counts of their own, which stay.
/// Codes that were sent stay valid.
pub(in crate::flow) fn unlock_changes(
    ctx: &RequestContext,
    keys: &Keys,
    handle: &Handle,
    account: &Account,
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
    changes
}
