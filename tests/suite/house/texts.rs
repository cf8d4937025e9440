//! Checks that every sentence exists in both languages and is used.

use domain::challenge::Purpose;
use domain::error::{ProblemCode, ViolationCode};
use domain::flow::directory::view::ResetEligibility;
use domain::kind::Kind;
use domain::language::Language;
use domain::notice::Notice;
use domain::policy::ranges::RANGES;
use platform::http::api::can_reset::sentence;
use platform::texts::{all, text};
use std::collections::{BTreeMap, BTreeSet};

/// Returns the keys of all sentences that the product uses.
fn used() -> BTreeSet<String> {
    let camel_case = |name: String| name[..1].to_ascii_lowercase() + &name[1..];
    let problems = ProblemCode::ALL.iter().flat_map(|code| {
        ["title", "detail"].map(|part| format!("problem.{}.{part}", code.as_str()))
    });
    let violations = ViolationCode::ALL.iter().map(|code| format!("violation.{}", code.as_str()));
    let parts = |key: String| ["subject", "text"].map(|part| format!("{key}.{part}"));
    let codes =
        Purpose::ALL.iter().flat_map(|purpose| parts(format!("mail.code.{}", purpose.as_str())));
    let notices = Notice::ALL
        .iter()
        .flat_map(|notice| parts(format!("mail.notice.{}", camel_case(format!("{notice:?}")))));
    let texts = Purpose::ALL.iter().flat_map(|purpose| {
        ["", ".short"].map(|part| format!("sms.code.{}{part}", purpose.as_str()))
    });
    let short = |notice| format!("sms.notice.{notice}.short");
    let notices_by_sms = Notice::ALL
        .iter()
        .map(|notice| format!("sms.notice.{}", camel_case(format!("{notice:?}"))));
    let notices_by_sms = notices_by_sms
        .chain(["passwordReset", "administratorReset", "administratorRecovered"].map(short));
    let every_mail = ["code.life", "code.warning", "notice.warning", "notice.helpDesk"]
        .into_iter()
        .chain(["notice.methods", "notice.noMethods", "notice.method.unreviewed"])
        .map(|key| format!("mail.{key}"));
    let methods = Kind::ALL.iter().map(|kind| format!("mail.notice.method.{}", kind.as_str()));
    let warnings =
        domain::preview::Warning::ALL.iter().map(|warning| format!("warning.{}", warning.as_str()));
    let standings = ResetEligibility::REASONS.map(sentence);
    let said = problems.chain(violations).chain(warnings).chain(standings);
    said.chain(codes)
        .chain(notices)
        .chain(texts)
        .chain(notices_by_sms)
        .chain(every_mail)
        .chain(methods)
        .collect()
}

/// The sentences of the web pages, in each language. `functions/portal/web/build.mjs`
/// checks that each is used and that none is missing.
fn pages() -> [BTreeMap<String, String>; 2] {
    [
        include_str!("../../../shared/texts/pages/en.json"),
        include_str!("../../../shared/texts/pages/zh-TW.json"),
    ]
    .map(|json| serde_json::from_str(json).expect("an object of strings"))
}

/// Returns all sentences, each with its language.
fn sentences() -> impl Iterator<Item = (Language, String, String)> {
    let own = |(key, sentence): (&String, &String)| (key.clone(), sentence.clone());
    Language::ALL.iter().copied().zip(pages()).flat_map(move |(language, pages)| {
        all(language)
            .iter()
            .map(own)
            .chain(pages)
            .map(move |(key, sentence)| (language, key, sentence))
            .collect::<Vec<_>>()
    })
}

/// Returns the names of a sentence's `{placeholders}`.
fn placeholders(sentence: &str) -> BTreeSet<&str> {
    sentence
        .split('{')
        .skip(1)
        .map(|rest| rest.split_once('}').expect("a placeholder is closed").0)
        .collect()
}

#[test]
fn each_language_has_every_used_sentence_and_no_other() {
    for language in Language::ALL.iter().copied() {
        let has: BTreeSet<String> = all(language).keys().cloned().collect();
        let missing: Vec<_> = used().difference(&has).cloned().collect();
        let unused: Vec<_> = has.difference(&used()).cloned().collect();
        assert!(
            missing.is_empty() && unused.is_empty(),
            "{}: missing {missing:?}, unused {unused:?}",
            language.tag()
        );
    }
}

#[test]
fn a_sentence_has_the_same_placeholders_in_each_language() {
    for key in used() {
        let of = |language: Language| placeholders(&all(language)[&key]);
        assert_eq!(of(Language::English), of(Language::TraditionalChinese), "{key}");
    }
    let [english, chinese] = pages();
    assert_eq!(
        english.keys().collect::<Vec<_>>(),
        chinese.keys().collect::<Vec<_>>(),
        "the same keys, in each language"
    );
    for (key, sentence) in &english {
        assert_eq!(placeholders(sentence), placeholders(&chinese[key]), "{key}");
    }
}

#[test]
fn every_placeholder_is_filled() {
    for language in Language::ALL.iter().copied() {
        for (key, sentence) in all(language) {
            let filled: &[&str] = match key.split('.').next() {
                Some("violation") => &["min", "max"],
                Some("sms") => &["organisation", "code", "about", "count"],
                Some("warning") => &["administrators", "users"],
                Some("mail") => &[
                    "organisation",
                    "minutes",
                    "helpDesk",
                    "about",
                    "destination",
                    "method",
                    "supportCode",
                ],
                _ => &[],
            };
            for name in placeholders(sentence) {
                assert!(filled.contains(&name), "{} {key}: {name} is never filled", language.tag());
            }
        }
    }
}

#[test]
fn a_sentence_is_one_line_in_its_own_script() {
    let chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    for (language, key, sentence) in sentences() {
        assert!(
            !sentence.trim().is_empty() && sentence.trim() == sentence && !sentence.contains('\n'),
            "{key}"
        );
        assert_eq!(
            sentence.chars().any(chinese),
            language == Language::TraditionalChinese,
            "{} {key}",
            language.tag()
        );
        let names_links = key == "violation.notAHelpDesk" || key.starts_with("admin.");
        assert!(!sentence.contains("://") || names_links, "{key}: a message contains no link");
    }
}

#[test]
fn chinese_is_written_as_in_taiwan() {
    // Simplified characters, and mainland Chinese words that are not used in Taiwan.
    let foreign = [
        "这",
        "码",
        "请",
        "验证",
        "网络",
        "用户",
        "短信",
        "登录",
        "信息",
        "默认",
        "服务器",
        "屏幕",
        "邮箱",
        "電郵",
        "質量",
        "激活",
        "賬",
    ];
    for (language, key, sentence) in sentences() {
        for word in foreign {
            assert!(
                language != Language::TraditionalChinese || !sentence.contains(word),
                "{key}: {word}"
            );
        }
    }
}

#[test]
fn a_value_is_inserted_once_and_its_placeholders_are_not_filled() {
    let life = |minutes: &str| text(Language::English, "mail.code.life", &[("minutes", minutes)]);
    assert_eq!(life("5"), "This code works once and expires in 5 min.");
    assert_eq!(
        life("{minutes}{organisation}"),
        "This code works once and expires in {minutes}{organisation} min."
    );
    assert_eq!(
        text(Language::English, "mail.code.life", &[]),
        "This code works once and expires in  min.",
        "a missing value is empty"
    );
    assert_eq!(text(Language::English, "no.such.key", &[]), "no.such.key");
}

#[test]
fn no_two_codes_are_written_alike() {
    let codes: BTreeSet<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ProblemCode::ALL.len());
    let codes: BTreeSet<&str> = ViolationCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes.len(), ViolationCode::ALL.len());
}

#[test]
fn the_pages_speak_every_language() {
    let build = include_str!("../../../functions/portal/web/build.mjs");
    let top = include_str!("../../../functions/portal/web/pages/parts/top.html");
    let list = build.split("LANGUAGES = [").nth(1).and_then(|rest| rest.split(']').next());
    let built: BTreeSet<&str> = list.expect("a list").split('"').skip(1).step_by(2).collect();
    let ours: BTreeSet<&str> = Language::ALL.iter().map(|language| language.tag()).collect();
    assert_eq!(built, ours, "build.mjs");
    for tag in ours {
        assert!(top.contains(&format!("?mkt={tag}\" lang=\"{tag}\"")), "top.html has no {tag}");
    }
}

#[test]
fn each_kind_has_a_row_and_its_texts_on_the_pages() {
    let kinds = include_str!("../../../functions/portal/web/src/kinds.ts");
    let (_, table) = kinds.split_once("const KIND: Record<Kind, ").expect("the table");
    let (table, _) = table.split_once("};").expect("its end");
    let rows: BTreeSet<&str> =
        table.lines().skip(1).filter_map(|row| Some(row.trim().split_once(": ")?.0)).collect();
    let ours: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(rows, ours, "kinds.ts");
    for kind in ours {
        for part in ["name", "choice", "code", "policy"] {
            let key = format!("kind.{kind}.{part}");
            for texts in pages() {
                assert!(texts.contains_key(&key), "the pages' texts have no {key}");
            }
        }
    }
}

#[test]
fn each_number_of_the_policy_has_a_field() {
    let page = include_str!("../../../functions/portal/web/pages/parts/admin-policy.html");
    for range in RANGES {
        let has = |name: &str| page.contains(&format!("{name}=\"{}\"", range.pointer));
        assert!(has("data-number") || has("data-pointer"), "no field for {}", range.pointer);
    }
}
