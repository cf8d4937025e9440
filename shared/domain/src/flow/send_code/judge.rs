//! Whether a code still makes sense when it is about to be sent, and where it
//! goes: the account, the reset and the policy as they are now.

use crate::account::Account;
use crate::audit::Reason;
use crate::challenge::{ChallengeId, Purpose};
use crate::context::RequestContext;
use crate::destination::Destination;
use crate::flow::send_code::row::Row;
use crate::key::Keys;
use crate::kind::MethodId;
use crate::language::Language;
use crate::limit::{LEAST_LIFE_LEFT, SETTLING};
use crate::method::{Binding, Delivered};
use crate::port::{KeyRing, Snapshot, Store};
use crate::reset::ResetState;

/// Where a code goes.
pub(super) struct Address {
    pub to: Destination,
    /// Of a phone: its ISO 3166 country.
    pub country: Option<String>,
    pub language: Language,
}

/// What is to become of a code.
pub(super) enum Verdict {
    Send(Address),
    Drop(Reason),
    /// What it depends on is older than the row: not all of the transaction
    /// is visible yet.
    Wait,
}

pub(super) fn judge<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    read: &Snapshot,
    keys: &Keys,
    challenge: &ChallengeId,
    purpose: Purpose,
    typed: Option<&str>,
) -> Verdict {
    let (ctx, policy, handle) = (row.ctx, row.policy, &row.row.handle);
    // The items of one transaction become visible one by one: what does not
    // fit a fresh row may only be late.
    let settling = ctx.now - row.row.id.at < SETTLING;
    let late = |reason| if settling { Verdict::Wait } else { Verdict::Drop(reason) };
    match read.ledger(purpose).slots.get(&challenge.kind) {
        // It arrived, whatever its channel said, and came back.
        Some(slot) if slot.id == *challenge && slot.used => {
            return Verdict::Drop(Reason::Superseded);
        }
        Some(slot) if slot.id == *challenge => {}
        Some(slot) if slot.issued >= row.row.id.at => return Verdict::Drop(Reason::Superseded),
        Some(_) | None => return late(Reason::Superseded),
    }
    if challenge.expires - ctx.now < LEAST_LIFE_LEFT {
        return Verdict::Drop(Reason::TooLate);
    }
    let account = read.account(handle);
    let address = match purpose {
        Purpose::Reset => of_reset(row, read, account, challenge, ctx),
        Purpose::Registration => {
            match account.and_then(|a| a.pending.get(MethodId::only(challenge.kind))) {
                Some(pending) if pending.challenge == *challenge => Ok(&pending.binding),
                Some(_) | None => return late(Reason::MethodChanged),
            }
        }
    };
    let (binding, account) = match (address, account) {
        (Ok(address), Some(account)) => (address, account),
        (Err(reason), _) => return Verdict::Drop(reason),
        (Ok(_), None) => return Verdict::Drop(Reason::UnknownUser),
    };
    if !policy.allows(challenge.kind) {
        return Verdict::Drop(Reason::KindNotAllowed);
    }
    if !policy.reaches(challenge.kind, binding) {
        return Verdict::Drop(Reason::CountryNotAllowed);
    }
    // Only a destination gets a message.
    let Some(Delivered { destination: to, country, .. }) = binding.delivered().cloned() else {
        return Verdict::Drop(Reason::MethodChanged);
    };
    // A policy that asks for it since the code was asked for holds too.
    let must_match =
        typed.is_some() || purpose == Purpose::Reset && policy.must_be_typed(challenge.kind);
    if must_match && typed != Some(keys.destination_name(&to).as_str()) {
        return Verdict::Drop(Reason::DestinationMismatch);
    }
    Verdict::Send(Address { to, country, language: row.language(account.language) })
}

/// The address a reset's code goes to: the stored, verified one, as it was
/// when the reset began, of an account that may reset now.
fn of_reset<'a, S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    read: &Snapshot,
    account: Option<&'a Account>,
    challenge: &ChallengeId,
    ctx: &RequestContext,
) -> Result<&'a Binding, Reason> {
    let reset = read.reset.as_ref().filter(|r| r.exp > ctx.now).ok_or(Reason::TooLate)?;
    if !reset.real {
        return Err(Reason::Decoy);
    }
    let account = account
        .filter(|a| reset.is_of(a) && reset.state == ResetState::Open)
        .ok_or(Reason::Superseded)?;
    if !account.in_scope(row.policy) {
        return Err(Reason::OutOfScope);
    }
    let method = reset.method(account, challenge.kind).ok_or(Reason::MethodChanged)?;
    Ok(&method.binding)
}
