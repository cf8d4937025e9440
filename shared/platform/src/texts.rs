//! All sentences that people read, in each language, from `shared/texts`.

use domain::language::Language;
use std::collections::HashMap;
use std::sync::LazyLock;

static ENGLISH: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| parse(include_str!("../../texts/en.json")));
static TRADITIONAL_CHINESE: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| parse(include_str!("../../texts/zh-TW.json")));

fn parse(json: &str) -> HashMap<String, String> {
    serde_json::from_str(json).expect("the texts are a JSON object of strings")
}

/// Returns all sentences of a language, by key.
pub fn all(language: Language) -> &'static HashMap<String, String> {
    match language {
        Language::English => &ENGLISH,
        Language::TraditionalChinese => &TRADITIONAL_CHINESE,
    }
}

/// Returns a sentence with its `{placeholders}` replaced by these values. The template is
/// read once from left to right, so a placeholder inside a value is not replaced. For a key
/// without a sentence it returns the key; a test finds such keys.
pub fn text(language: Language, key: &str, values: &[(&str, &str)]) -> String {
    let template = all(language).get(key).map_or(key, String::as_str);
    let mut out = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else { break };
        out.push_str(values.iter().find(|(n, _)| *n == name).map_or("", |(_, value)| value));
        rest = after;
    }
    out.push_str(rest);
    out
}
