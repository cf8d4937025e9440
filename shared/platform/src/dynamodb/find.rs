//! Queries of one partition: members of a group, accounts by a word, groups, messages to an
//! account. Each query uses consistent reads and begins after the last key of the previous
//! page, so that a concurrent write cannot hide or repeat a row.

use super::Table;
use super::read::{self, text, unavailable};
use super::table::{self, Key, PK, SK};
use aws_sdk_dynamodb::types::AttributeValue;
use domain::account::Account;
use domain::directory::{Filter, Word};
use domain::error::Problem;
use domain::identity::{GroupName, Handle};
use domain::outbox::OutboxId;
use domain::port::Page;
use futures_util::future::join_all;

/// The fewest rows that a query reads, even for a smaller page: some may not match.
const LEAST_ROWS: u32 = 25;
/// The number of rows that a query reads if all rows are wanted.
const MOST_ROWS: u32 = 1000;
/// The most queries of one request. If few rows match, its page is short and the next
/// request continues from there.
const READS: usize = 8;
/// The number of groups whose members are queried at the same time.
const AT_ONCE: usize = 25;

/// The sort keys of the rows that a query found.
struct Rows {
    found: Vec<String>,
    /// The last key that was read, if there may be more rows.
    next: Option<String>,
}

/// The rows of a partition to find.
#[derive(Clone, Copy)]
enum Which<'a> {
    All,
    BeginningWith(&'a str),
    /// Outbox rows that still hold their message: those not sent and not dropped.
    Unsent,
}

async fn rows(
    table: &Table,
    pk: &str,
    which: Which<'_>,
    limit: u32,
    after: Option<&str>,
) -> Result<Rows, Problem> {
    let (condition, filter) = match which {
        Which::All => ("#p = :p", None),
        Which::BeginningWith(_) => ("#p = :p AND begins_with(#s, :begin)", None),
        Which::Unsent => ("#p = :p", Some("attribute_exists(#m)")),
    };
    let mut query = table
        .client
        .query()
        .table_name(&table.name)
        .consistent_read(true)
        .key_condition_expression(condition)
        .set_filter_expression(filter.map(str::to_owned))
        .projection_expression("#s")
        .expression_attribute_names("#p", PK)
        .expression_attribute_names("#s", SK)
        .expression_attribute_values(":p", AttributeValue::S(pk.to_owned()))
        .set_exclusive_start_key(
            after.map(|sk| Key { pk: pk.to_owned(), sk: sk.to_owned() }.item()),
        )
        .limit(limit as i32);
    if let Which::BeginningWith(begin) = which {
        query = query.expression_attribute_values(":begin", AttributeValue::S(begin.to_owned()));
    }
    if filter.is_some() {
        query = query.expression_attribute_names("#m", "message");
    }
    let page = query
        .send()
        .await
        .map_err(|error| unavailable("Query", error.into_service_error().meta()))?;
    let next = page.last_evaluated_key().and_then(|key| text(key, SK).cloned());
    Ok(Rows {
        found: page.items().iter().filter_map(|item| text(item, SK).cloned()).collect(),
        next,
    })
}

/// Returns the members of a group that match the rest of the filter, ordered by handle (the
/// keyed pseudonym of the user ID).
pub(super) async fn of_group(
    table: &Table,
    filter: &Filter,
    group: &GroupName,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    let member = |sk: &str| Handle::parse(sk);
    let fits = |_: &str, account: &Account| filter.fits(account);
    accounts(table, &table::members(group), Which::All, member, fits, limit, from).await
}

/// Returns the accounts with a word that begins with this one, ordered by that word. An
/// account that is renamed meanwhile appears under its new name.
pub(super) async fn by_word(
    table: &Table,
    filter: &Filter,
    word: &Word,
    limit: u32,
    from: Option<String>,
) -> Result<Page<Account>, Problem> {
    let of = |sk: &str| table::word_row(sk).map(|(_, handle)| handle);
    let fits = |sk: &str, account: &Account| {
        let shown_here =
            |word: Word| table::word_row(sk).is_some_and(|(here, _)| here == word.as_str());
        filter.fits(account) && filter.shown_by(account).is_some_and(shown_here)
    };
    accounts(
        table,
        &table::words_like(word),
        Which::BeginningWith(word.as_str()),
        of,
        fits,
        limit,
        from,
    )
    .await
}

/// Reads a page of the accounts that the rows of a partition refer to. A row may be stale,
/// so the filter is applied again to each account as it is now.
async fn accounts(
    table: &Table,
    pk: &str,
    which: Which<'_>,
    of: impl Fn(&str) -> Option<Handle>,
    fits: impl Fn(&str, &Account) -> bool,
    limit: u32,
    mut from: Option<String>,
) -> Result<Page<Account>, Problem> {
    let mut items = Vec::new();
    for _ in 0..READS {
        let Rows { found, next } =
            rows(table, pk, which, limit.max(LEAST_ROWS), from.as_deref()).await?;
        let handles: Vec<Handle> = found.iter().filter_map(|sk| of(sk)).collect();
        let accounts = read::accounts(table, &handles).await?;
        let shown = found.len();
        for (i, sk) in found.into_iter().enumerate() {
            items.extend(
                of(&sk)
                    .and_then(|handle| accounts.get(&handle))
                    .filter(|account| fits(&sk, account))
                    .cloned(),
            );
            if items.len() == limit as usize {
                return Ok(Page { items, next: if i + 1 < shown { Some(sk) } else { next } });
            }
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    Ok(Page { items, next: from })
}

/// Returns the registered groups that have a member now, ordered by name.
pub(super) async fn groups(
    table: &Table,
    limit: u32,
    mut from: Option<String>,
) -> Result<Page<GroupName>, Problem> {
    let mut items = Vec::new();
    for _ in 0..READS {
        let Rows { found, next } =
            rows(table, table::GROUPS, Which::All, limit.max(LEAST_ROWS), from.as_deref()).await?;
        let names: Vec<GroupName> =
            found.iter().filter_map(|name| GroupName::parse(name)).collect();
        for (i, (name, has_members)) in
            names.iter().zip(with_members(table, &names).await?).enumerate()
        {
            items.extend(has_members.then(|| name.clone()));
            if items.len() == limit as usize {
                return Ok(Page {
                    items,
                    next: if i + 1 < names.len() { Some(name.as_str().to_owned()) } else { next },
                });
            }
        }
        from = next;
        if from.is_none() {
            break;
        }
    }
    Ok(Page { items, next: from })
}

/// Returns whether each of these groups has a member, in the given order.
async fn with_members(table: &Table, groups: &[GroupName]) -> Result<Vec<bool>, Problem> {
    let mut known = Vec::new();
    for some in groups.chunks(AT_ONCE) {
        let first_row = async |group: &GroupName| {
            rows(table, &table::members(group), Which::All, 1, None).await
        };
        // Joined within this task, so that log lines keep the request's ID.
        for rows in join_all(some.iter().map(first_row)).await {
            known.push(!rows?.found.is_empty());
        }
    }
    Ok(known)
}

/// Returns the IDs of an account's messages that were not sent: queued, claimed or failed.
pub(super) async fn unsent(table: &Table, handle: &Handle) -> Result<Vec<OutboxId>, Problem> {
    let pk = table::messages(handle);
    let mut ids = Vec::new();
    let mut from: Option<String> = None;
    loop {
        let Rows { found, next } =
            rows(table, &pk, Which::Unsent, MOST_ROWS, from.as_deref()).await?;
        ids.extend(found.iter().filter_map(|sk| OutboxId::parse(sk)));
        from = next;
        if from.is_none() {
            return Ok(ids);
        }
    }
}
