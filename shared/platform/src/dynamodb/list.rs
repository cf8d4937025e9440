//! [`Lists`] over DynamoDB: keys from an index or a partition, then the items
//! themselves.
//!
//! | list | how |
//! |---|---|
//! | all accounts in a stable order | Query `by-bucket` on `U#0`..`U#15`, then BatchGetItem |
//! | accounts of a group, ordered by T | Query `GROUP#name`, then BatchGetItem |
//! | accounts by the beginning of a word | Query `NAME#` its first character, then BatchGetItem |
//! | groups that have a member | Query `GROUPS`, then one row of each `GROUP#name` |
//! | messages to an account that were not sent | Query `OUTBOX#T` |
//! | messages to any account that were not sent | Query `by-bucket` on `O#0`..`O#15`, then `F#0`..`F#15` |
//! | policies, newest first | Query `POLICYDOC` |
//!
//! The rows of two more lists are stored, but no route reads them yet: audit events
//! of a day (Query `by-bucket` on `E#`), and items of a support code (Query
//! `by-support-code`).

use super::read::{self, policy, text, unavailable};
use super::table::{self, BUCKET, BY_BUCKET, Item, Key, PK, SHARDS, SK};
use super::{Table, find};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::directory::Filter;
use domain::error::{Problem, ViolationCode};
use domain::identity::{GroupName, Handle};
use domain::outbox::OutboxId;
use domain::policy::saved::SavedPolicy;
use domain::port::{Lists, Page};

/// Reads a position in a list: the number of a partition, and the last sort key
/// that was read of it. `None` for text that is no position.
fn position(from: Option<String>, partitions: u8) -> Option<(u8, String)> {
    let Some(from) = from else { return Some((0, String::new())) };
    let (partition, last) = from.split_once('#')?;
    Some((partition.parse().ok().filter(|partition| *partition < partitions)?, last.to_owned()))
}

impl Lists for Table {
    /// Finds accounts by the group of the filter, else by its longest word, else
    /// among all.
    async fn list_accounts(
        &self,
        filter: &Filter,
        limit: u32,
        from: Option<String>,
    ) -> Result<Page<Account>, Problem> {
        match (filter.group(), filter.word()) {
            (Some(group), _) => find::of_group(self, filter, group, limit, from).await,
            (None, Some(word)) => find::by_word(self, filter, word, limit, from).await,
            (None, None) => all_accounts(self, limit, from).await,
        }
    }

    async fn list_groups(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> Result<Page<GroupName>, Problem> {
        find::groups(self, limit, from).await
    }

    async fn unsent_messages(&self, handle: &Handle) -> Result<Vec<OutboxId>, Problem> {
        find::unsent(self, handle).await
    }

    /// Ordered by shard, then by age: oldest first.
    async fn list_waiting(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> Result<Page<(Handle, OutboxId)>, Problem> {
        messages(self, SHARDS, limit, from).await
    }

    /// The waiting messages and then the failed ones, each in the same order.
    async fn list_unsent(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> Result<Page<(Handle, OutboxId)>, Problem> {
        messages(self, 2 * SHARDS, limit, from).await
    }

    /// The position is the last version shown.
    async fn list_policies(
        &self,
        limit: u32,
        from: Option<String>,
    ) -> Result<Page<SavedPolicy>, Problem> {
        // `~` sorts after every version.
        let before = from.unwrap_or_else(|| "~".to_owned());
        let page = self
            .client
            .query()
            .table_name(&self.name)
            .consistent_read(true)
            .scan_index_forward(false)
            .key_condition_expression("#p = :p AND #s < :before")
            .expression_attribute_names("#p", PK)
            .expression_attribute_names("#s", SK)
            .expression_attribute_values(":p", AttributeValue::S(table::POLICY_HISTORY.to_owned()))
            .expression_attribute_values(":before", AttributeValue::S(before))
            .limit(limit as i32)
            .send()
            .await
            .map_err(|error| unavailable("Query", error.into_service_error().meta()))?;
        let next = page.last_evaluated_key().and_then(|key| text(key, SK).cloned());
        let items =
            page.items.unwrap_or_default().into_iter().map(policy).collect::<Result<_, _>>()?;
        Ok(Page { items, next })
    }
}

/// All accounts, ordered by shard, then handle. An account that is created
/// between two pages may be missing; one that exists all the time is listed
/// exactly once.
async fn all_accounts(
    table: &Table,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    let keys = by_bucket(table, table::account_bucket, SHARDS, limit, from).await?;
    let handles: Vec<Handle> = keys.items.iter().filter_map(|key| Handle::parse(&key.sk)).collect();
    let found = read::accounts(table, &handles).await?;
    // An account that was deleted after the query is left out.
    Ok(Page {
        items: handles.iter().filter_map(|handle| found.get(handle).cloned()).collect(),
        next: keys.next,
    })
}

/// Messages of the first `partitions` index partitions of messages not sent.
async fn messages(
    table: &Table,
    partitions: u8,
    limit: u32,
    from: Option<String>,
) -> Result<Page<(Handle, OutboxId)>, Problem> {
    if position(from.clone(), partitions).is_none() {
        return Err(Problem::field("/redrive/after", ViolationCode::NotACursor));
    }
    let keys = by_bucket(table, table::unsent_bucket, partitions, limit, from).await?;
    Ok(Page {
        items: keys.items.iter().filter_map(|key| table::outbox_row(&key.pk, &key.sk)).collect(),
        next: keys.next,
    })
}

/// Keys of the index by bucket, from one partition after the other.
async fn by_bucket(
    table: &Table,
    bucket: fn(u8) -> String,
    partitions: u8,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Key>, Problem> {
    let (mut partition, mut after) = position(from, partitions).ok_or_else(Problem::unavailable)?;
    let mut items: Vec<Key> = Vec::new();
    loop {
        let left = limit as usize - items.len();
        let page = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(BY_BUCKET)
            .key_condition_expression("#b = :b AND #s > :after")
            .expression_attribute_names("#b", BUCKET)
            .expression_attribute_names("#s", SK)
            .expression_attribute_values(":b", AttributeValue::S(bucket(partition)))
            // DynamoDB allows no empty value here. A space sorts before every sort key of the
            // table, so it begins at the first row.
            .expression_attribute_values(
                ":after",
                AttributeValue::S(if after.is_empty() { " ".into() } else { after.clone() }),
            )
            .limit(left as i32)
            .send()
            .await
            .map_err(|error| unavailable("Query", error.into_service_error().meta()))?;
        let key =
            |item: &Item| Some(Key { pk: text(item, PK)?.clone(), sk: text(item, SK)?.clone() });
        items.extend(page.items().iter().filter_map(key));
        let more = page.last_evaluated_key().is_some();
        if let Some(last) = items.last().filter(|_| !page.items().is_empty()) {
            after.clone_from(&last.sk);
        }
        if items.len() >= limit as usize {
            return Ok(Page { items, next: Some(format!("{partition}#{after}")) });
        }
        if !more {
            partition += 1;
            after.clear();
        }
        if partition == partitions {
            return Ok(Page { items, next: None });
        }
    }
}
