//! What holds for every text.

use domain::destination::Destination;
use domain::directory::Filter;
use domain::identity::{GroupName, TypedUserId, UserId};
use domain::kind::Channel;
use domain::typed::class::is_visible;
use domain::typed::{Field, Fold, clean};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

/// Characters that cleaning treats in a way of their own, and some that it leaves.
#[rustfmt::skip]
const SPECIAL: [&str; 62] = [
    " ", "\t", "\n", "\u{a0}", "\u{3000}", "\u{200b}", "\u{200c}", "\u{200d}", "\u{200e}", "\u{202a}", "\u{202e}", "\u{2066}", "\u{ad}", "\u{feff}", "\u{fe00}", "\u{fe0f}", "\u{e0067}", "\u{e007f}",
    "\u{e0100}", "\u{34f}", "\u{180b}", "\u{3164}", "\u{ffa0}", "\u{115f}", "\u{2800}", "\0", "\u{1b}", "\u{85}", "\u{301}", "\u{308}", "\u{20e3}", "’", "´", "—", "…", "\u{2011}", "-", "＋", "+", "８", "٨",
    "(", ".", "@", "a", "A", "ß", "İ", "Σ", "é", "ﬁ", "م", "ي", "क", "\u{94d}", "王", "葛", "👩", "🏽", "🏴", "\u{1100}", "\u{1161}",
];

fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(&SPECIAL[..]).prop_map(str::to_owned);
    let piece = prop_oneof![6 => special, 1 => any::<char>().prop_map(String::from)];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Text that people mistype: visible text with invisible characters and spaces around and between.
fn disguised(visible: &str, at: &[usize]) -> String {
    const INVISIBLE: [char; 8] = [
        '\u{200b}', '\u{200e}', '\u{202a}', '\u{202c}', '\u{ad}', '\u{feff}', '\u{fe0e}',
        '\u{2060}',
    ];
    let mut chars: Vec<char> = visible.chars().collect();
    for (n, at) in at.iter().enumerate() {
        chars.insert(at % (chars.len() + 1), INVISIBLE[n % INVISIBLE.len()]);
    }
    format!("\u{a0}{}\n", chars.into_iter().collect::<String>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cleaning_is_idempotent(text in text()) {
        for field in Field::ALL {
            if let Some(cleaned) = clean(*field, &text) {
                prop_assert_eq!(clean(*field, &cleaned), Some(cleaned), "{:?}", field);
            }
        }
    }

    #[test]
    fn cleaned_text_has_nothing_that_its_field_refuses_or_drops(text in text()) {
        for field in Field::ALL {
            let rule = field.rule();
            let Some(cleaned) = clean(*field, &text) else { continue };
            let bad = cleaned.chars().find(|c| rule.refuses.iter().chain(rule.drops).any(|class| class.has(*c)));
            prop_assert_eq!(bad, None, "{:?} {:?}", field, cleaned);
            prop_assert_eq!(cleaned.trim(), &cleaned, "{:?}", field);
            prop_assert!(cleaned.chars().any(is_visible), "{:?}", field);
        }
    }

    #[test]
    fn nothing_visible_is_lost_silently(text in text()) {
        let visible = |text: &str| {
            let mut visible: Vec<char> = text.nfd().filter(|c| is_visible(*c)).collect();
            // A dropped character may have kept two marks in their order.
            visible.sort_unstable();
            visible
        };
        for field in Field::ALL {
            let rule = field.rule();
            let Some(cleaned) = clean(*field, &text) else { continue };
            if rule.drops.is_empty() && rule.folds.iter().all(|fold| *fold == Fold::Composition) {
                prop_assert_eq!(visible(&cleaned), visible(&text), "{:?}", field);
            }
        }
        // Each visible character of a user ID is kept or folded, never dropped.
        if let Some(cleaned) = clean(Field::UserId, &text) {
            let count = text.chars().filter(|c| is_visible(*c)).count();
            prop_assert!(cleaned.chars().filter(|c| is_visible(*c)).count() >= count);
        }
    }

    #[test]
    fn two_spellings_of_a_user_id_are_one_account_everywhere(id in "[a-z0-9@.'-]{1,20}", at in prop::collection::vec(0..40usize, 0..6)) {
        let Some(user_id) = UserId::parse(&id) else { return Ok(()) };
        for spelling in [disguised(&id, &at), disguised(&id.to_uppercase(), &at), disguised(&id.replace('\'', "’").replace('-', "\u{2011}"), &at)] {
            let typed = TypedUserId::new(spelling.clone());
            prop_assert_eq!(typed.canonical(), Some(&user_id), "{:?}", spelling);
            let account = domain::account::Account { user_id: user_id.clone(), ..crate::account() };
            let search = Filter::parse(Some(&spelling), None);
            prop_assert!(search.is_ok_and(|filter| filter.fits(&account)), "{:?}", spelling);
        }
    }

    #[test]
    fn a_text_that_is_a_user_id_without_cleaning_stays_that_user_id(text in text()) {
        use precis_core::profile::PrecisFastInvocation;
        let enforced = precis_profiles::UsernameCaseMapped::enforce(&*text);
        if let (Ok(enforced), Some(user_id)) = (enforced, UserId::parse(&text)) {
            // Two letters that look like apostrophes are folded. PRECIS allows them.
            prop_assert_eq!(user_id.as_str(), enforced.replace(['\u{2bb}', '\u{2bc}'], "'"));
        }
    }

    #[test]
    fn spellings_of_a_group_are_one_group(name in "[a-zA-Zéß王 ]{1,20}", at in prop::collection::vec(0..40usize, 0..4)) {
        let Some(group) = GroupName::parse(&name) else { return Ok(()) };
        let spelling: String = name.nfd().map(|c| if c == ' ' { '\u{a0}' } else { c }).collect();
        let spelling = disguised(&spelling, &at).replace(['\u{202a}', '\u{202c}'], "\u{200b}");
        prop_assert_eq!(GroupName::parse(&spelling), Some(group));
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in text(), country in prop::sample::select(vec![None, Some("TW"), Some("US"), Some("IT"), Some("AR"), Some("ZZ")])) {
        for channel in [Channel::Mail, Channel::Sms] {
            if let Ok(read) = Destination::parse(channel, &text, country) {
                prop_assert_eq!(Destination::parse(channel, read.as_str(), None).ok(), Some(read));
            }
        }
    }
}
