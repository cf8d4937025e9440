//! The rules for new passwords.

use crate::account;
use domain::account::Account;
use domain::error::{Violation, ViolationCode};
use domain::identity::UserId;
use domain::password::terms::Terms;
use domain::password::{LEAST_GUESSES, MAX_LENGTH, Password, PasswordContext, temporary};
use domain::policy::Policy;
use domain::secret::{ExposeSecret, SecretString};
use proptest::prelude::*;

fn password(text: &str) -> Password {
    Password::new(&SecretString::from(text))
}

/// The reason why a new password of this account is refused.
pub fn judge(
    text: &str,
    account: &Account,
    policy: &Policy,
    terms: &Terms,
) -> Option<ViolationCode> {
    let found =
        password(text).violations(&PasswordContext { policy, account, terms }, "/newPassword");
    assert!(found.len() <= 1 && found.iter().all(|v| v.pointer == "/newPassword"));
    found.first().map(|v| v.code)
}

/// The reason why Ann Example's new password is refused.
fn check(text: &str) -> Option<ViolationCode> {
    judge(text, &account(), &Policy::default(), &Terms::default())
}

/// Returns `length` letters that are hard to guess.
fn letters(length: u32) -> String {
    let letter = |i: u32| char::from(b'a' + (i.wrapping_mul(2_654_435_761) >> 16) as u8 % 26);
    (0..length).map(letter).collect()
}

/// Returns `length` different emoji that are neighbours in Unicode.
fn emoji(length: u32) -> String {
    (0x1f300..0x1f300 + length).filter_map(char::from_u32).collect()
}

#[test]
fn length_is_counted_in_code_points() {
    use ViolationCode::PasswordLength;
    // A letter and an accent, which NFC combines into one character.
    let composed = |length: u32| {
        letters(length)
            .replace(|c| !"aeiou".contains(c), "y")
            .replace(['a', 'e', 'i', 'o', 'u', 'y'], "e\u{301}")
    };
    #[rustfmt::skip]
    let table = [
        ("nothing", String::new(), Some(PasswordLength)),
        ("14", letters(14), Some(PasswordLength)),
        ("15", letters(15), None),
        ("256", letters(256), None),
        ("257", letters(257), Some(PasswordLength)),
        ("14 ideographs of three bytes each", "密碼由十四個不同漢字組成啊".into(), Some(PasswordLength)),
        ("15 ideographs", "密碼由十五個不同的漢字組成啊哈".into(), None),
        ("64 emoji, 256 bytes", emoji(64), None),
        ("256 emoji, 1,024 bytes", emoji(256), None),
        ("257 emoji", emoji(257), Some(PasswordLength)),
        // NFC is applied first: a letter and its accent count as one character.
        ("14 composed of 28", composed(14), Some(PasswordLength)),
        ("256 composed of 512, and then refused for what it is", composed(256), Some(ViolationCode::PasswordRepeats)),
        ("257 composed of 514", composed(257), Some(PasswordLength)),
    ];
    for (what, text, expected) in table {
        assert_eq!(check(&text), expected, "{what}");
    }
}

#[test]
fn a_refusal_states_the_required_length() {
    let mut policy = Policy::default();
    policy.password.minimum_length = 20;
    let (account, terms) = (account(), Terms::default());
    let context = PasswordContext { policy: &policy, account: &account, terms: &terms };
    let found = password(&letters(19)).violations(&context, "/newPassword");
    let expected = Violation {
        min: Some(20),
        max: Some(256),
        ..Violation::new("/newPassword", ViolationCode::PasswordLength)
    };
    assert_eq!(found, vec![expected]);
    assert_eq!(password(&letters(20)).violations(&context, "/newPassword"), vec![]);
}

#[test]
fn any_printable_character_is_accepted_without_composition_rules() {
    // Every printable ASCII character once, none beside its neighbour.
    let ascii: String = (0..95u16).map(|i| char::from(b' ' + (i * 37 % 95) as u8)).collect();
    assert!((' '..='~').all(|c| ascii.contains(c)));
    #[rustfmt::skip]
    let taken = [&ascii, "vqjhzkwmrtpxgyb", "QJHZKWMRTPXGYBV", "731950284617392", "~)_`|'{/;>,\\[:^", "correct horse battery", "ＱＪＨＺＫＷＭＲＴＰＸＧＹＢＶ", "正確的馬電池釘書針正確的馬電池", "\"'<>&;--/*%00 {{7*7}}", "👩‍👩‍👧‍👦 family of four"];
    for text in taken {
        assert_eq!(check(text), None, "{text:?}");
    }
    for control in ['\0', '\t', '\n', '\r', '\u{1b}', '\u{7f}', '\u{85}', '\u{9f}'] {
        let text = format!("fifteen and {control} more");
        assert_eq!(check(&text), Some(ViolationCode::PasswordControl), "{control:?}");
    }
}

#[test]
fn an_easily_guessed_password_is_refused_with_its_reason() {
    use ViolationCode::*;
    let one_emoji = "🔑".repeat(64);
    #[rustfmt::skip]
    let table: [(ViolationCode, &[&str]); 5] = [
        (PasswordCommon, &["Password1234567", "beautifulmorning", "123456 password", "iloveyouforever", "sunshineprincess", "michaeljennifer", "internationalization"]),
        (PasswordRepeats, &["aaaaaaaaaaaaaaa", "               ", "passwordpassword", "p@ssw0rdp@ssw0rd", "1234567 1234567", "aaaaaaa-bbbbbbb", "letmein-letmein", "Chocolate, Ch0c0l@t3", "Summer2026Summer2026", "密密密密密密密密密密密密密密密", &one_emoji]),
        (PasswordSequence, &["abcdefghijklmnop", "ABCDEFGHIJKLMNO", "ＡＢＣＤＥＦＧＨＩＪＫＬＭＮＯ", "hgfedcba98765432", "asdfghjkl;'12345", "αβγδεζηθικλμνξο", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv", "wednesdaymorning"]),
        (PasswordPersonal, &["ann-password-2026", "ann@example.com-password-2026", "Latchkey-Welcome-2026"]),
        (PasswordGuessable, &["vqjhzkw........"]),
    ];
    for (code, texts) in table {
        for text in texts {
            assert_eq!(check(text), Some(code), "{text:?}");
        }
    }
}

#[test]
fn a_hundred_million_guesses_are_the_least() {
    assert_eq!(LEAST_GUESSES, 1e8);
    #[rustfmt::skip]
    let table = [
        // Two common words, or three of the most common ones, are fewer guesses.
        ("superman batman", false), ("dragonmonkeyshadow", false), ("correct horse..", false), ("Liverpool-Chelsea-2026", false),
        ("correct horse battery", true), ("superman reads batman", false), ("superman adopts a walrus", true),
        // Ten guesses a character: random letters are many more.
        ("vqjhzkwmrtpxgyb", true), ("v7jh vqjhzk vqjhzk", true), ("vqjhz vqjhz vqjhz", false),
    ];
    for (text, accepted) in table {
        assert_eq!(check(text).is_none(), accepted, "{text}");
    }
}

#[test]
fn the_strength_check_is_bounded_by_reading_only_the_beginning() {
    // The first 100 characters are read.
    let text = format!("{}{}", "a".repeat(100), letters(100));
    assert_eq!(check(&text), Some(ViolationCode::PasswordRepeats));
    let text = format!("{}{}", "a".repeat(80), letters(100));
    assert_eq!(check(&text), None);
    // NFKC makes eighteen characters of this one.
    assert_eq!(check(&"\u{fdfa}".repeat(256)), Some(ViolationCode::PasswordRepeats));
    // Symbols alone are no reason to refuse.
    for text in [
        "{4@8(x[<3691!|70$5+%2",
        "4@8({[<3691!|70$5+%24@8({[<3691!|70$5+%2",
        "}Q7|+f2$[k!9<d1(mA8%z5",
        "|1!7+4@8({[<3 6-9\"0$5",
    ] {
        assert_eq!(check(text), None, "{text}");
    }
}

#[test]
fn the_accounts_own_data_adds_no_strength() {
    let of = |user_id: &str, name: &str| Account {
        user_id: UserId::parse(user_id).expect("a user ID"),
        name: name.to_owned(),
        ..account()
    };
    let mut policy = Policy::default();
    policy.organisation.name = "Contoso Holding 股份有限公司".to_owned();
    policy.organisation.short_name = "CTSO".to_owned();
    let judge = |text: &str, account: &Account| judge(text, account, &policy, &Terms::default());
    let personal = Some(ViolationCode::PasswordPersonal);
    for user_id in ["ann", "bo", "x", "ann@example.com", "maximilian.mustermann", "王小明", "0815"]
    {
        for tail in [
            "-password-2026",
            "_Password_2026!",
            " welcome 123456",
            ".qwertyuiop1234",
            "+1q2w3e4r5t6y7u8",
        ] {
            let account = of(user_id, "Unrelated");
            assert_eq!(judge(&format!("{user_id}{tail}"), &account), personal, "{user_id}{tail}");
            assert_eq!(
                judge(&format!("{}{tail}", user_id.to_uppercase()), &account),
                personal,
                "{user_id}{tail} in capitals"
            );
        }
    }
    let kim = of("k.sanders@example.com", "Kim Sanders-Lee");
    #[rustfmt::skip]
    let refused = [
        "Kim Sanders-Lee 2026", "sanders.welcome.99", "K1m$anders-passw0rd", "kim.sanders.2026", "lee-password-2026", "Contoso-Welcome-2026", "contos0Contos0!2026", "CTSO password 2026",
        "Holding-123456789", "Latchkey-123456789", "example.com 1qaz2wsx", "股份有限公司 password 1", "kim sanders lee kim",
    ];
    for text in refused {
        assert!(judge(text, &kim).is_some(), "{text}");
    }
    // The remaining text is hard to guess, so the name in it does no harm.
    for text in [
        "kim walks a purple otter",
        "planning annexes of glass",
        "my contoso otter sings bass",
        "vqjhzkwmrtpxgyb-kim",
    ] {
        assert_eq!(judge(text, &kim), None, "{text}");
    }
    // Another user's name does not matter.
    assert_eq!(judge("sanders-zeppelin-4207", &of("ann", "Ann")), None);
    assert_eq!(judge("kim walks a purple", &of("x", "walks a purple kim")), personal);
}

#[test]
fn nothing_is_shortened_folded_or_trimmed() {
    let bytes = |text: &str| password(text).expose().to_vec();
    for text in [
        "Ends With A Space ",
        " begins with one",
        "CaseMatters",
        &"a".repeat(300),
        "x..\0y",
        "ﬁ",
        "①",
        "Ａ",
    ] {
        assert_eq!(bytes(text), text.as_bytes(), "{text:?}");
    }
    assert_eq!(bytes("Zoe\u{308}"), "Zoë".as_bytes(), "NFC: two ways to type one letter");
    assert_eq!(bytes("\u{212b}"), "Å".as_bytes());
}

#[test]
fn a_password_longer_than_any_account_can_have_is_refused_before_the_hash() {
    assert!(!password(&"a".repeat(MAX_LENGTH)).is_too_long());
    assert!(password(&"a".repeat(MAX_LENGTH + 1)).is_too_long());
    assert!(!password(&"🔑".repeat(MAX_LENGTH)).is_too_long());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn fifteen_random_letters_are_accepted(text in "[a-z]{15}") {
        prop_assert_eq!(check(&text), None);
    }

    #[test]
    fn any_text_gets_the_same_result_each_time(text in "(.|[ab1@4!|7$5+({<]){15,256}") {
        prop_assert_eq!(check(&text), check(&text));
    }

    #[test]
    fn a_temporary_password_can_be_read_aloud_and_is_accepted(random: [u8; 20]) {
        let secret = temporary(random);
        let text = secret.expose_secret();
        let groups: Vec<&str> = text.split('-').collect();
        prop_assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), vec![4; 5]);
        prop_assert!(groups.concat().chars().all(|c| "abcdefghjkmnpqrstuvwxyz23456789".contains(c)), "{}", text);
        prop_assert_eq!(check(text), None);
    }
}

#[test]
fn a_temporary_password_uses_every_symbol_and_every_byte() {
    let all: std::collections::BTreeSet<char> = (0..=255u8)
        .flat_map(|byte| temporary([byte; 20]).expose_secret().chars().collect::<Vec<_>>())
        .filter(|c| *c != '-')
        .collect();
    assert_eq!(all.len(), 31);
    let base = temporary([0; 20]).expose_secret().to_owned();
    for place in 0..20 {
        let mut random = [0; 20];
        random[place] = 1;
        assert_ne!(temporary(random).expose_secret(), base, "byte {place}");
    }
}
