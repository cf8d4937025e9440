//! Paging by a limit and an opaque cursor. A cursor is authenticated and works for one list only.

use crate::http::api::PageResponse;
use crate::http::problem::Refusal;
use crate::http::request::query::parameter;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::directory::Filter;
use domain::error::{Problem, Violation, ViolationCode};
use domain::key::Keys;
use domain::port::{KeyRing, Page};
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// The number of rows on a page, if the caller gives no limit.
pub(in crate::http) const DEFAULT_LIMIT: u32 = 50;
/// The most rows on a page.
pub(in crate::http) const MAX_LIMIT: u32 = 200;

/// `?limit=&cursor=`: the requested page of a list.
pub struct Paging {
    limit: u32,
    cursor: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let limit = parameter(&parts.uri, "limit").as_deref().map_or(Ok(DEFAULT_LIMIT), limit)?;
        Ok(Paging { limit, cursor: parameter(&parts.uri, "cursor") })
    }
}

/// Parses a number of rows, without a sign or leading zeros.
fn limit(text: &str) -> Result<u32, Problem> {
    let number: Option<u64> = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    let number = number.ok_or_else(|| Problem::field("/limit", ViolationCode::WrongType))?;
    let limit = u32::try_from(number).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Problem::invalid(vec![Violation::out_of_range("/limit", 1, MAX_LIMIT)]))
}

/// `?search=&group=`: the accounts to find.
pub struct Search(pub Filter);

impl<S: Sync> FromRequestParts<S> for Search {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (search, group) = (parameter(&parts.uri, "search"), parameter(&parts.uri, "group"));
        Ok(Search(Filter::parse(search.as_deref(), group.as_deref())?))
    }
}

impl Paging {
    /// Returns a page of the list named `list`. `read` is called with the number of rows
    /// and the start position.
    ///
    /// # Errors
    /// `invalidRequest` for a cursor of another list, and the errors of `read`.
    pub async fn page<T>(
        self,
        ring: &impl KeyRing,
        list: &str,
        read: impl AsyncFnOnce(u32, Option<String>) -> Result<Page<T>, Problem>,
    ) -> Result<PageResponse<T>, Problem> {
        let keys = self.keys(ring).await?;
        let not_a_cursor = || Problem::field("/cursor", ViolationCode::NotACursor);
        let open = |cursor: &String| open(cursor, list, &keys).ok_or_else(not_a_cursor);
        let from = self.cursor.as_ref().map(open).transpose()?;
        let Page { items, next } = read(self.limit, from).await?;
        Ok(PageResponse { items, cursor: next.map(|position| seal(&position, list, &keys)) })
    }

    /// Returns keys that include the cursor's key generation, which another process may
    /// have read before this one; otherwise the current keys.
    async fn keys(&self, ring: &impl KeyRing) -> Result<Arc<Keys>, Problem> {
        let kid = self.cursor.as_deref().and_then(|cursor| cursor.split('.').next()?.parse().ok());
        if let Some(kid) = kid
            && let Ok(Some(keys)) = ring.keys_with(kid).await
        {
            return Ok(keys);
        }
        ring.keys().await
    }
}

/// Encodes a position as an opaque cursor of a list.
fn seal(position: &str, list: &str, keys: &Keys) -> String {
    let generation = keys.current();
    let mac = generation.cursors.mac(&[list.as_bytes(), position.as_bytes()]);
    format!("{}.{}.{}", generation.kid, BASE64.encode(&mac[..16]), BASE64.encode(position))
}

/// Decodes the position in a cursor. `None` if the cursor was not made for this list.
fn open(cursor: &str, list: &str, keys: &Keys) -> Option<String> {
    let mut parts = cursor.split('.');
    let (kid, mac, position) = (parts.next()?, parts.next()?, parts.next()?);
    let position = String::from_utf8(BASE64.decode(position).ok()?).ok()?;
    let expected =
        keys.generation(kid.parse().ok()?)?.cursors.mac(&[list.as_bytes(), position.as_bytes()]);
    let same = BASE64.decode(mac).ok()?.ct_eq(&expected[..16]);
    (bool::from(same) && parts.next().is_none()).then_some(position)
}
