//! The organisation's terms. A version never changes, so a process reads it
//! once.

use super::Table;
use super::read::{batch_get, parse};
use super::table::Key;
use domain::error::Problem;
use domain::password::terms::Terms;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// The newest terms this process has seen, and their version.
#[derive(Clone, Default)]
pub(super) struct Newest(Arc<Mutex<(u64, Arc<Terms>)>>);

#[derive(Deserialize)]
struct TermsItem {
    terms: Terms,
}

/// The terms of a version. A missing item is an error: without it, passwords
/// that the terms refuse would be accepted.
pub(super) async fn terms(table: &Table, version: u64) -> Result<Arc<Terms>, Problem> {
    let newest = || table.terms.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (kept, terms) = newest().clone();
    if kept == version {
        return Ok(terms);
    }
    let item = batch_get(table, &[Key::terms(version)]).await?.pop().ok_or_else(|| {
        tracing::error!(event = "termsMissing", outcome = "unavailable", terms = version);
        Problem::unavailable()
    })?;
    let terms = Arc::new(parse::<TermsItem>(item)?.terms);
    let mut newest = newest();
    if newest.0 < version {
        *newest = (version, terms.clone());
    }
    Ok(terms)
}
