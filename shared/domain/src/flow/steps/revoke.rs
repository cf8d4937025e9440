//! Ending sessions, resets and challenges.
//!
//! Sessions and resets hold the account's generation, and end when it increases. Every write
//! that increases it also drops the live challenges of both ledgers, so that verifying a code
//! need not read the account.

use crate::account::Account;
use crate::challenge::Purpose;
use crate::context::RequestContext;
use crate::identity::Handle;
use crate::kind::Kind;
use crate::port::Change;
use crate::session::Session;

/// Returns the changes that drop all live challenges. Every write that increases an account's
/// generation includes them, and so does its deletion.
pub(in crate::flow) fn revoke(ctx: &RequestContext, handle: &Handle) -> Vec<Change> {
    let drop = |purpose: &Purpose| drop_challenges(ctx, handle, *purpose, Kind::ALL, false);
    Purpose::ALL.iter().map(drop).collect()
}

/// Returns the changes that drop all live challenges and clear the failed guesses of resets,
/// for a reset that sets a password.
pub(in crate::flow) fn revoke_for_reset(ctx: &RequestContext, handle: &Handle) -> Vec<Change> {
    let drop = |purpose: &Purpose| {
        drop_challenges(ctx, handle, *purpose, Kind::ALL, *purpose == Purpose::Reset)
    };
    Purpose::ALL.iter().map(drop).collect()
}

/// Returns the changes that unlock sign-in and clear the failed guesses of resets and
/// registrations. The live challenges of `ended` end too.
pub(in crate::flow) fn unlock_changes(
    ctx: &RequestContext,
    handle: &Handle,
    ended: &[Kind],
) -> Vec<Change> {
    let clear = |purpose: &Purpose| drop_challenges(ctx, handle, *purpose, ended, true);
    let mut changes = vec![Change::ClearLock { handle: handle.clone() }];
    changes.extend(Purpose::ALL.iter().map(clear));
    changes
}

/// Returns the changes for a method that its owner changed or removed. Every other session ends
/// (ASVS 7.4.3), and so does every reset with its codes. The session that made the change
/// continues, and so does a code that it requested for another kind of method. A code of an
/// ended session is refused, because verifying it checks the session.
pub(in crate::flow) fn revoke_for_method(
    ctx: &RequestContext,
    session: &Session,
    after: &Account,
) -> [Change; 2] {
    let (handle, digest) = (session.handle.clone(), session.digest.clone());
    [
        drop_challenges(ctx, &session.handle, Purpose::Reset, Kind::ALL, false),
        Change::KeepSession { handle, digest, generation: after.generation, now: ctx.now },
    ]
}

/// Returns the change that drops the live challenges of these kinds and, if `fails` is set,
/// clears the failed guesses.
pub(in crate::flow) fn drop_challenges(
    ctx: &RequestContext,
    handle: &Handle,
    purpose: Purpose,
    kinds: &[Kind],
    fails: bool,
) -> Change {
    Change::DropChallenges {
        handle: handle.clone(),
        purpose,
        kinds: kinds.to_vec(),
        fails,
        now: ctx.now,
    }
}
