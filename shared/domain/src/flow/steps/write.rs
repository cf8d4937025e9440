//! Changes that several use cases make to an account.

use crate::account::Account;
use crate::context::RequestContext;
use crate::directory::FoundBy;
use crate::identity::Handle;
use crate::port::Change;
use crate::session::Session;

/// Returns the change that saves an account over the one that was read.
pub(in crate::flow) fn save_account(handle: &Handle, read: &Account, account: Account) -> Change {
    Change::SaveAccount {
        handle: handle.clone(),
        uid: read.uid.clone(),
        generation: read.generation,
        revision: read.revision,
        account: Box::new(account),
    }
}

/// Returns the guard that the account still exists with the generation that was read.
pub(in crate::flow) fn check_account(handle: &Handle, read: &Account) -> Change {
    Change::CheckAccount {
        handle: handle.clone(),
        uid: read.uid.clone(),
        generation: read.generation,
    }
}

/// Returns the change by which a session outlives the write of `after`, which moves the account's
/// generation: it made the change itself, and all other sessions end (ASVS 7.4.3).
pub(in crate::flow) fn keep_session(
    ctx: &RequestContext,
    session: &Session,
    after: &Account,
) -> Change {
    let (handle, digest) = (session.handle.clone(), session.digest.clone());
    Change::KeepSession { handle, digest, generation: after.generation, now: ctx.now }
}

/// Returns the changes that replace a session by another. Only one request can replace it.
pub(in crate::flow) fn replace_session(old: &Session, new: &Session) -> [Change; 2] {
    [
        Change::DeleteSession { handle: old.handle.clone(), digest: old.digest.clone() },
        Change::CreateSession(Box::new(new.clone())),
    ]
}

/// Returns the changes that add index rows for new words and groups of an account and remove
/// stale ones.
pub(in crate::flow) fn index_changes(
    handle: &Handle,
    before: Option<&Account>,
    after: Option<&Account>,
) -> Vec<Change> {
    let found_by = |account: Option<&Account>| account.map(Account::found_by).unwrap_or_default();
    let (old, new) = (found_by(before), found_by(after));
    let unindex = |by: &FoundBy| Change::Unindex { handle: handle.clone(), by: by.clone() };
    let index = |by: &FoundBy| Change::Index { handle: handle.clone(), by: by.clone() };
    old.difference(&new).map(unindex).chain(new.difference(&old).map(index)).collect()
}
