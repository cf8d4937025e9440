//! Reads the organisation's banned terms. A saved version never changes, so a process reads
//! it only once.

use super::Table;
use super::read::{batch_get, parse};
use super::table::Key;
use domain::error::Problem;
use domain::password::terms::Terms;
use serde::Deserialize;
use std::sync::{Arc, Mutex, PoisonError};

/// The newest terms that this process has read, and their version.
#[derive(Clone, Default)]
pub(super) struct Newest(Arc<Mutex<(u64, Arc<Terms>)>>);

#[derive(Deserialize)]
struct TermsItem {
    terms: Terms,
}

/// Returns the terms of a version. A missing item is an error: otherwise passwords that the
/// terms forbid would be accepted.
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
