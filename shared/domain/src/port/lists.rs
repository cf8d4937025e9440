//! Lists of rows in the table, page by page.

use crate::account::Account;
use crate::directory::Filter;
use crate::error::Problem;
use crate::identity::{GroupName, Handle};
use crate::outbox::OutboxId;
use crate::policy::saved::SavedPolicy;
use std::future::Future;

/// One page of a list.
pub struct Page<T> {
    /// The entries of the page.
    pub items: Vec<T>,
    /// The position of the next page; `None` on the last one.
    pub next: Option<String>,
}

/// Lists of rows in the table. Each list has an order of its own. `from` is the
/// `next` of an earlier page of the same list. A method that fails answers
/// `unavailable`.
pub trait Lists: Send + Sync {
    /// The accounts that match a filter, in a stable order. `from` is the `next`
    /// of an earlier page of the same filter. A page may be shorter than `limit`.
    fn list_accounts(
        &self,
        filter: &Filter,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Account>, Problem>> + Send;
    /// The groups that have a member, in the order of their names.
    fn list_groups(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<GroupName>, Problem>> + Send;
    /// The outbox rows of an account that were not sent. They may hold a
    /// destination.
    fn unsent_messages(
        &self,
        handle: &Handle,
    ) -> impl Future<Output = Result<Vec<OutboxId>, Problem>> + Send;
    /// The outbox rows that wait to be sent. `from` is the `next` of an earlier
    /// page. The list is read from an index, so the newest rows may be missing.
    fn list_waiting(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The outbox rows that wait to be sent, and then those that failed.
    fn list_unsent(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<(Handle, OutboxId)>, Problem>> + Send;
    /// The saved policies, newest first.
    fn list_policies(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<SavedPolicy>, Problem>> + Send;
}
