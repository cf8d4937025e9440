//! Lists: keys from an index or a partition, then the items themselves.

use super::read::{self, policy, text, unavailable};
use super::table::{self, BUCKET, BY_BUCKET, Item, Key, PK, SHARDS, SK};
use super::{Table, find};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::directory::Filter;
use domain::error::{Problem, ViolationCode};
use domain::identity::Handle;
use domain::outbox::OutboxId;
use domain::policy::saved::SavedPolicy;
use domain::port::Page;

/// Reads a position in a list: the number of a partition, and the last sort key
/// that was read of it. `None` for text that is no position.
fn position(from: Option<String>, partitions: u8) -> Option<(u8, String)> {
    let Some(from) = from else { return Some((0, String::new())) };
    let (partition, last) = from.split_once('#')?;
    Some((partition.parse().ok().filter(|partition| *partition < partitions)?, last.to_owned()))
}

/// Accounts that match the filter, found by its group, else by its longest word,
/// else among all.
pub(super) async fn accounts(
    table: &Table,
    filter: &Filter,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    match (filter.group(), filter.word()) {
        (Some(group), _) => find::of_group(table, filter, group, limit, from).await,
        (None, Some(word)) => find::by_word(table, filter, word, limit, from).await,
        (None, None) => all_accounts(table, limit, from).await,
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

/// Outbox rows that wait to be sent, ordered by shard, then by age: oldest first.
pub(super) async fn waiting(
    table: &Table,
    limit: u32,
    from: Option<String>,
) -> Result<Page<(Handle, OutboxId)>, Problem> {
    rows(table, SHARDS, limit, from).await
}

/// Outbox rows that wait to be sent, then those that failed, in the same order.
pub(super) async fn unsent(
    table: &Table,
    limit: u32,
    from: Option<String>,
) -> Result<Page<(Handle, OutboxId)>, Problem> {
    rows(table, 2 * SHARDS, limit, from).await
}

async fn rows(
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
            // No sort key is empty, and a space comes before all of them.
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

/// Saved policies, newest first. The position is the last version shown.
pub(super) async fn policies(
    table: &Table,
    limit: u32,
    from: Option<String>,
) -> Result<Page<SavedPolicy>, Problem> {
    // `~` sorts after every version.
    let before = from.unwrap_or_else(|| "~".to_owned());
    let page = table
        .client
        .query()
        .table_name(&table.name)
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
    let items = page.items.unwrap_or_default().into_iter().map(policy).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}
