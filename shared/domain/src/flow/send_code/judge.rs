//! Deciding whether a code is still to be sent, and where, by the account, the reset and the
//! policy as they are now.

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
    /// The destination.
    pub to: Destination,
    /// The ISO 3166 country of a phone.
    pub country: Option<String>,
    /// The language of the message.
    pub language: Language,
}

/// What to do with a code.
pub(super) enum Verdict {
    /// Send it.
    Send(Address),
    /// Do not send it.
    Drop(Reason),
    /// Decide later: not all items of the row's transaction are visible yet.
    Wait,
}

/// Decides about the code of a challenge.
pub(super) fn judge<S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    read: &Snapshot,
    keys: &Keys,
    challenge: &ChallengeId,
) -> Verdict {
    let (ctx, policy, handle) = (row.ctx, row.policy, &row.row.handle);
    let purpose = challenge.purpose();
    // The items of one transaction become visible one by one. If an item does not fit a fresh
    // row, its new version may not be visible yet.
    let settling = ctx.now - row.row.id.at < SETTLING;
    let drop_once_settled = |reason| if settling { Verdict::Wait } else { Verdict::Drop(reason) };
    match read.ledger(challenge.ledger).slots.get(&challenge.slot) {
        // The code was verified, so an earlier try had sent it although it was not confirmed.
        Some(slot) if slot.id == *challenge && slot.used => {
            return Verdict::Drop(Reason::Superseded);
        }
        Some(slot) if slot.id == *challenge => {}
        Some(slot) if slot.issued >= row.row.id.at => return Verdict::Drop(Reason::Superseded),
        Some(_) | None => return drop_once_settled(Reason::Superseded),
    }
    if challenge.expires - ctx.now < LEAST_LIFE_LEFT {
        return Verdict::Drop(Reason::TooLate);
    }
    let account = read.account(handle);
    let binding = match purpose {
        Purpose::Reset => reset_binding(row, read, account, challenge, ctx),
        Purpose::Registration => {
            match account.and_then(|a| a.pending.get(MethodId::only(challenge.kind))) {
                Some(pending) if pending.challenge == *challenge => Ok(&pending.binding),
                Some(_) | None => return drop_once_settled(Reason::MethodChanged),
            }
        }
    };
    let (binding, account) = match (binding, account) {
        (Ok(binding), Some(account)) => (binding, account),
        (Err(reason), _) => return Verdict::Drop(reason),
        (Ok(_), None) => return Verdict::Drop(Reason::UnknownUser),
    };
    if !policy.allows(challenge.kind) {
        return Verdict::Drop(Reason::KindNotAllowed);
    }
    if !policy.reaches(challenge.kind, binding) {
        return Verdict::Drop(Reason::CountryNotAllowed);
    }
    // A method that the owner holds gets no message.
    let Some(Delivered { destination: to, country, .. }) = binding.delivered().cloned() else {
        return Verdict::Drop(Reason::MethodChanged);
    };
    // The policy may ask for a typed destination only since the code was asked for. It
    // applies to this code too.
    let must_match = challenge.typed.is_some()
        || purpose == Purpose::Reset && policy.must_be_typed(challenge.kind);
    if must_match && challenge.typed != Some(keys.typed_name(handle, &to)) {
        return Verdict::Drop(Reason::DestinationMismatch);
    }
    Verdict::Send(Address { to, country, language: row.language(account.language) })
}

/// The method that the code of a reset goes to: verified, unchanged since the reset began, not
/// waiting for a review, of an account that may reset its password now. Else the reason to drop
/// the code.
fn reset_binding<'a, S: Store, R: KeyRing>(
    row: &Row<'_, S, R>,
    read: &Snapshot,
    account: Option<&'a Account>,
    challenge: &ChallengeId,
    ctx: &RequestContext,
) -> Result<&'a Binding, Reason> {
    let reset = read.reset.as_ref().filter(|r| r.exp > ctx.now).ok_or(Reason::TooLate)?;
    if !reset.is_real() {
        return Err(Reason::Decoy);
    }
    let account = account
        .filter(|a| reset.is_of(a) && reset.state == ResetState::Open)
        .ok_or(Reason::Superseded)?;
    if !account.in_scope(row.policy) {
        return Err(Reason::OutOfScope);
    }
    reset.method(account, challenge.kind).map(|method| &method.binding)
}
