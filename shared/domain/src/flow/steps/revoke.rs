//! Ending sessions, resets and challenges.
//!
//! Sessions and resets carry the account's generation and end when it moves.
//! Every write that moves it also drops the live challenges of both ledgers,
//! so that verifying a code need not read the account.

use crate::account::Account;
use crate::challenge::Purpose;
use crate::context::RequestContext;
use crate::identity::Handle;
use crate::kind::Kind;
use crate::port::Change;
use crate::session::Session;

/// Drops all live challenges. Goes with every write that moves an account's
/// generation, role or `enabled`, and with its deletion.
pub(in crate::flow) fn revoke(ctx: &RequestContext, handle: &Handle) -> Vec<Change> {
    let drop = |purpose: &Purpose| drop_challenges(ctx, handle, *purpose, Kind::ALL, false);
    Purpose::ALL.iter().map(drop).collect()
}

/// The same for a completed reset, which also clears its count of failed guesses.
pub(in crate::flow) fn revoke_for_reset(ctx: &RequestContext, handle: &Handle) -> Vec<Change> {
    let drop = |purpose: &Purpose| {
        drop_challenges(ctx, handle, *purpose, Kind::ALL, *purpose == Purpose::Reset)
    };
    Purpose::ALL.iter().map(drop).collect()
}

/// Ends what a changed or removed method opened: every other session (ASVS
/// 7.4.3) and every reset under way with its codes. The session that made the
/// change goes on, and so does a code that it asked for, for another kind.
/// Codes of the ended sessions are refused with their sessions.
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

/// Drops the live challenges of these kinds and, where `fails` is set, the
/// count of failed guesses.
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
