//! Chooses the language of a response from `Accept-Language` or `?mkt=`.
//!
//! Ranges are matched by lookup (RFC 4647, section 3.4) and ordered by their
//! weights (RFC 9110, section 12.5.4).

use axum::http::{HeaderMap, header};
use domain::language::Language;

/// The language tags that language ranges are matched with. The text for Taiwan also
/// serves readers of Traditional Chinese elsewhere. Plain `zh`, `zh-CN` and `zh-Hans`
/// usually mean Simplified Chinese, so they match no tag.
const TAGS: [(&str, Language); 5] = [
    ("en", Language::English),
    ("zh-TW", Language::TraditionalChinese),
    ("zh-Hant", Language::TraditionalChinese),
    ("zh-HK", Language::TraditionalChinese),
    ("zh-MO", Language::TraditionalChinese),
];

/// Returns the language that the caller prefers according to `Accept-Language`, or English
/// if the header names no supported language.
pub(super) fn accepted(headers: &HeaderMap) -> Language {
    let values = headers.get_all(header::ACCEPT_LANGUAGE).into_iter();
    let (mut ranges, zero): (Vec<_>, Vec<_>) = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(weighted)
        .partition(|(weight, _)| *weight > 0.0);
    // The sort is stable: the first of two ranges with the same weight comes first.
    ranges.sort_by(|(a, _), (b, _)| b.total_cmp(a));

    // A weight of 0 refuses a language only by its exact tag: `en-GB;q=0` still allows English.
    let refused =
        |ours: &Language| zero.iter().any(|(_, tag)| tag.eq_ignore_ascii_case(ours.tag()));
    // `*` stands for the languages that no other range names.
    let named: Vec<Language> = ranges.iter().filter_map(|(_, tag)| lookup(tag)).collect();
    let other = Language::ALL.iter().copied().find(|ours| !named.contains(ours) && !refused(ours));

    ranges
        .into_iter()
        .filter_map(|(_, tag)| if tag == "*" { other } else { lookup(tag) })
        .find(|ours| !refused(ours))
        .unwrap_or(Language::English)
}

/// Returns the language that a single range such as `zh-Hant-HK` matches, or `None` if it
/// is malformed or matches no supported language.
pub(super) fn lookup(range: &str) -> Option<Language> {
    let subtag = |part: &str| {
        (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if !range.split('-').all(subtag) {
        return None;
    }
    // Lookup removes subtags from the end of the range until it equals a tag.
    let begins_with = |tag: &str| match range.split_at_checked(tag.len()) {
        Some((start, rest)) => {
            start.eq_ignore_ascii_case(tag) && (rest.is_empty() || rest.starts_with('-'))
        }
        None => false,
    };
    TAGS.into_iter().find(|(tag, _)| begins_with(tag)).map(|(_, language)| language)
}

/// Reads the weight and the tag of one element of the header; `None` if the weight is not a
/// number from 0 to 1.
fn weighted(element: &str) -> Option<(f32, &str)> {
    let Some((tag, parameter)) = element.split_once(';') else {
        return Some((1.0, element.trim()));
    };
    let (name, weight) = parameter.split_once('=')?;
    let weight = weight.trim().parse().ok()?;
    let valid = name.trim().eq_ignore_ascii_case("q") && (0.0..=1.0).contains(&weight);
    valid.then_some((weight, tag.trim()))
}
