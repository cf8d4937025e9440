//! Paging: a limit and an opaque cursor, authenticated and bound to its list.

use super::problem::Refusal;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::directory::Filter;
use domain::error::{Problem, ViolationCode};
use domain::key::Keys;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use subtle::ConstantTimeEq;

/// Rows of a page: default and range.
pub(super) const DEFAULT_LIMIT: u32 = 50;
pub(super) const MAX_LIMIT: u32 = 200;

/// `?limit=&cursor=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    limit: Option<u32>,
    cursor: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Refusal;

    /// Reads the query. A parameter that is unknown, given twice or no number
    /// is the caller's mistake, told as such.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        query(parts)
    }
}

/// `?search=&group=&limit=&cursor=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserQuery {
    search: Option<String>,
    group: Option<String>,
    limit: Option<u32>,
    cursor: Option<String>,
}

/// Who is looked for, and which page of them.
pub struct Search {
    pub filter: Filter,
    pub paging: Paging,
}

impl<S: Sync> FromRequestParts<S> for Search {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let UserQuery { search, group, limit, cursor } = query(parts)?;
        let filter = Filter::parse(search.as_deref(), group.as_deref())?;
        Ok(Search { filter, paging: Paging { limit, cursor } })
    }
}

fn query<T: DeserializeOwned>(parts: &Parts) -> Result<T, Refusal> {
    let wrong = |_| Problem::field("", ViolationCode::WrongType);
    let Query(query) = Query::try_from_uri(&parts.uri).map_err(wrong)?;
    Ok(query)
}

impl Paging {
    pub fn limit(&self) -> Result<u32, Refusal> {
        let limit = self.limit.unwrap_or(DEFAULT_LIMIT);
        match (1..=MAX_LIMIT).contains(&limit) {
            true => Ok(limit),
            false => Err(Problem::invalid(vec![domain::error::Violation::out_of_range("/limit", 1, MAX_LIMIT)]).into()),
        }
    }

    /// The position inside the cursor, if this list made it.
    pub fn position(&self, list: &str, keys: &Keys) -> Result<Option<String>, Refusal> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        open(cursor, list, keys).map(Some).ok_or_else(|| Problem::field("/cursor", ViolationCode::WrongType).into())
    }
}

/// A position as an opaque cursor of a list.
pub fn seal(position: &str, list: &str, keys: &Keys) -> String {
    let generation = keys.current();
    let mac = generation.cursors.mac(&[list.as_bytes(), position.as_bytes()]);
    format!("{}.{}.{}", generation.kid, BASE64.encode(&mac[..16]), BASE64.encode(position))
}

fn open(cursor: &str, list: &str, keys: &Keys) -> Option<String> {
    let mut parts = cursor.split('.');
    let (kid, mac, position) = (parts.next()?, parts.next()?, parts.next()?);
    let position = String::from_utf8(BASE64.decode(position).ok()?).ok()?;
    let expected = keys.generation(kid.parse().ok()?)?.cursors.mac(&[list.as_bytes(), position.as_bytes()]);
    let same = BASE64.decode(mac).ok()?.ct_eq(&expected[..16]);
    (bool::from(same) && parts.next().is_none()).then_some(position)
}
