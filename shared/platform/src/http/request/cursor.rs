//! Paging: a limit and an opaque cursor, authenticated and bound to its list.

use crate::http::problem::Refusal;
use crate::http::request::query::parameter;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use domain::directory::Filter;
use domain::error::{Problem, Violation, ViolationCode};
use domain::key::Keys;
use domain::port::KeyRing;
use std::sync::Arc;
use subtle::ConstantTimeEq;

/// Rows of a page: default and range.
pub(in crate::http) const DEFAULT_LIMIT: u32 = 50;
pub(in crate::http) const MAX_LIMIT: u32 = 200;

/// `?limit=&cursor=`.
pub struct Paging {
    pub limit: u32,
    cursor: Option<String>,
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let limit = parameter(&parts.uri, "limit").as_deref().map_or(Ok(DEFAULT_LIMIT), limit)?;
        Ok(Paging { limit, cursor: parameter(&parts.uri, "cursor") })
    }
}

/// Reads a number of rows, in its one spelling: not `+5`, and not `05`.
fn limit(text: &str) -> Result<u32, Problem> {
    let number: Option<u64> = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    let number = number.ok_or_else(|| Problem::field("/limit", ViolationCode::WrongType))?;
    let limit = u32::try_from(number).ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
    limit.ok_or_else(|| Problem::invalid(vec![Violation::out_of_range("/limit", 1, MAX_LIMIT)]))
}

/// `?search=&group=`: who is looked for.
pub struct Search(pub Filter);

impl<S: Sync> FromRequestParts<S> for Search {
    type Rejection = Refusal;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let (search, group) = (parameter(&parts.uri, "search"), parameter(&parts.uri, "group"));
        Ok(Search(Filter::parse(search.as_deref(), group.as_deref())?))
    }
}

impl Paging {
    /// Keys to read the cursor with, and to make the next. A process with
    /// newer ones may have made it; whatever names no keys is no cursor.
    pub async fn keys(&self, ring: &impl KeyRing) -> Result<Arc<Keys>, Problem> {
        let kid = self.cursor.as_deref().and_then(|cursor| cursor.split('.').next()?.parse().ok());
        if let Some(kid) = kid
            && let Ok(keys) = ring.keys_with(kid).await
        {
            return Ok(keys);
        }
        ring.keys().await
    }

    /// The position inside the cursor, if this list made it.
    pub fn position(&self, list: &str, keys: &Keys) -> Result<Option<String>, Refusal> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        open(cursor, list, keys)
            .map(Some)
            .ok_or_else(|| Problem::field("/cursor", ViolationCode::NotACursor).into())
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
    let expected =
        keys.generation(kid.parse().ok()?)?.cursors.mac(&[list.as_bytes(), position.as_bytes()]);
    let same = BASE64.decode(mac).ok()?.ct_eq(&expected[..16]);
    (bool::from(same) && parts.next().is_none()).then_some(position)
}
