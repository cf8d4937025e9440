//! The language of an answer, by `Accept-Language` or `?mkt=`.

use axum::http::{HeaderMap, header};
use domain::language::Language;

/// The first of our languages that `Accept-Language` names, by its weights.
pub(super) fn language(headers: &HeaderMap) -> Language {
    let asked = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut ranges: Vec<(f32, &str)> = asked
        .split(',')
        .map(|range| {
            let (tag, parameter) = range.split_once(';').unwrap_or((range, "q=1"));
            let weight = parameter.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
            (weight.unwrap_or(0.0), tag.trim())
        })
        .filter(|(weight, _)| *weight > 0.0)
        .collect();
    ranges.sort_by(|a, b| b.0.total_cmp(&a.0));
    ranges.into_iter().find_map(|(_, tag)| language_of(tag)).unwrap_or(Language::English)
}

/// The one of our languages that a tag names, whatever its region.
pub(super) fn language_of(tag: &str) -> Option<Language> {
    let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    Language::ALL.into_iter().find(|ours| primary(ours.tag()) == primary(tag))
}
