//! Texts of SMS: one part each, in both languages, bound to the configured host, and
//! without any text that an attacker could insert.

use super::sms::{HOST, NUMBER};
use domain::audit::SupportCode;
use domain::challenge::{ChallengeId, LedgerId, Purpose};
use domain::code::Code;
use domain::destination::Destination;
use domain::key::Keys;
use domain::kind::Kind;
use domain::language::Language;
use domain::notice::{MethodsNow, Notice};
use domain::policy::{LONGEST_SHORT_NAME, Organisation, Policy};
use domain::port::{Content, Outgoing};
use local::inbox::parts;
use platform::send::sms::{fits_one_part, render};
use platform::settings::{BaseUrl, LONGEST_HOST};
use tests::world::BEGIN;

/// Computes a code of 8 digits.
fn code() -> Code {
    let keys = Keys::parse(&local::secrets::generate().expect("keys")).expect("keys");
    let challenge = ChallengeId {
        kid: keys.current().kid,
        kind: Kind::MobilePhone,
        digits: 8,
        expires: BEGIN,
        ledger: LedgerId::Registration,
        slot: 0,
        typed: None,
        random: [7; 16],
    };
    Code::derive(&keys.current().codes, &challenge)
}

/// Renders the text of an SMS.
fn sms(language: Language, short_name: &str, host: &str, content: Content<'_>) -> String {
    let organisation =
        Organisation { short_name: short_name.into(), ..Policy::default().organisation };
    let to = Destination::MobilePhone(NUMBER.into());
    render(&Outgoing { to: &to, language, organisation: &organisation, content }, host).to_string()
}

/// Renders every possible SMS in both languages: those with codes, and notices.
fn every_sms(short_name: &str, host: &str, code: &Code) -> (Vec<String>, Vec<String>) {
    let (mut codes, mut notices) = (Vec::new(), Vec::new());
    let long = "王".repeat(254);
    let support_code = SupportCode::of("a request");
    let methods = &MethodsNow { methods: Vec::new(), usable: Kind::ALL.len() };
    for language in Language::ALL.iter().copied() {
        let say = |content| sms(language, short_name, host, content);
        codes.extend(
            Purpose::ALL
                .iter()
                .map(|purpose| say(Content::Code { code, purpose: *purpose, minutes: 10 })),
        );
        for notice in Notice::ALL.iter().copied() {
            // Only these notices contain a person's name.
            let about: &[Option<&str>] = match notice {
                Notice::AdministratorReset | Notice::AdministratorRecovered => {
                    &[Some("Bo"), Some(&long)]
                }
                Notice::PasswordReset
                | Notice::PasswordChanged
                | Notice::MethodAdded
                | Notice::MethodChanged
                | Notice::MethodRemoved
                | Notice::PasswordIssued
                | Notice::Attempts => &[None],
            };
            let content =
                |about| Content::Notice { notice, about, methods, support_code: &support_code };
            notices.extend(about.iter().copied().map(content).map(say));
        }
    }
    (codes, notices)
}

/// Short names of the maximum length: in ASCII, in the extension of the GSM alphabet,
/// outside that alphabet, in Chinese, and outside the Basic Multilingual Plane.
fn longest_names() -> Vec<String> {
    ["A", "€", "ç", "範", "😀"]
        .into_iter()
        .map(|c| c.repeat(LONGEST_SHORT_NAME / c.encode_utf16().count()))
        .collect()
}

#[test]
fn every_sms_fits_one_part_at_its_longest() {
    let (host, code) = ("h".repeat(LONGEST_HOST), code());
    for name in longest_names() {
        let (codes, notices) = every_sms(&name, &host, &code);
        for text in codes.iter().chain(&notices) {
            assert_eq!(parts(text), 1, "{} units: {text}", text.encode_utf16().count());
            assert!(
                text.contains(&name) && !text.contains("://") && !text.contains(['{', '}']),
                "{text}"
            );
        }
        for text in &codes {
            let (sentence, last_line) = text.rsplit_once('\n').expect("a last line");
            assert_eq!(last_line, format!("@{host} #{}", code.reveal()));
            assert!(sentence.contains(code.reveal()), "{sentence}");
        }
        assert!(
            notices.iter().all(|text| !text.contains(['\n', '@', '#'])),
            "a notice has no line that binds it to our pages"
        );
    }
}

#[test]
fn a_longer_name_or_host_does_not_fit_one_part() {
    let code = code();
    let longest = |name: &str, host: &str| {
        let (codes, notices) = every_sms(name, host, &code);
        let most = |texts: Vec<String>| {
            texts.iter().map(|text| text.encode_utf16().count()).max().unwrap_or_default()
        };
        (most(codes), most(notices))
    };
    let (host, name) = ("h".repeat(LONGEST_HOST), "範".repeat(LONGEST_SHORT_NAME));
    assert_eq!(longest(&name, &host), (70, 70), "the limits are as wide as one part allows");
    assert_eq!(longest(&name, &(host.clone() + "h")).0, 71);
    assert_eq!(longest(&(name + "範"), &host), (71, 71));
}

#[test]
fn the_longest_text_that_fits_is_used() {
    use Language::{English, TraditionalChinese};
    use Purpose::{Registration, Reset};
    let code = code();
    let digits = code.reveal();
    let long_host = "h".repeat(LONGEST_HOST);
    #[rustfmt::skip]
    let table = [
        (English, "Latchkey", HOST, Reset, format!("Latchkey: {digits} is your code to reset your password. Do not share it.")),
        (English, "Latchkey", HOST, Registration, format!("Latchkey: {digits} is your code to confirm this number. Do not share it.")),
        (English, "€€€€€€€€€€€€", &long_host, Reset, format!("€€€€€€€€€€€€: {digits} is your code to reset your password. Do not share it.")),
        (English, "範例", HOST, Reset, format!("範例 reset: {digits}")),
        (English, "範例", HOST, Registration, format!("範例 code: {digits}")),
        (TraditionalChinese, "Latchkey", HOST, Reset, format!("Latchkey重設驗證碼：{digits}，請勿告訴他人。")),
        (TraditionalChinese, "範例", &long_host, Registration, format!("範例設定驗證碼：{digits}，請勿告訴他人。")),
        (TraditionalChinese, "Latchkey", &long_host, Reset, format!("Latchkey重設驗證碼：{digits}")),
        (TraditionalChinese, "Latchkey", &long_host, Registration, format!("Latchkey設定驗證碼：{digits}")),
    ];
    for (language, name, host, purpose, sentence) in table {
        let text = sms(language, name, host, Content::Code { code: &code, purpose, minutes: 5 });
        assert_eq!(text, format!("{sentence}\n@{host} #{digits}"));
    }
}

#[test]
fn a_name_that_does_not_fit_a_notice_is_left_out_whole() {
    let notice = |language, name: &str, about: &str| {
        sms(
            language,
            name,
            HOST,
            Content::Notice {
                notice: Notice::AdministratorReset,
                about: Some(about),
                support_code: &SupportCode::of("a request"),
                methods: &MethodsNow::default(),
            },
        )
    };
    let (english, chinese) = (Language::English, Language::TraditionalChinese);
    let with = |about: &str| {
        format!(
            "Latchkey: {about}, an administrator, just reset their own password with codes. If in doubt, ask them."
        )
    };
    let without = "Latchkey: an administrator reset their own password.";
    let room = 160 - with("").len();
    assert_eq!(notice(english, "Latchkey", &"b".repeat(room)), with(&"b".repeat(room)));
    assert_eq!(notice(english, "Latchkey", &"b".repeat(room + 1)), without);
    // One character outside the GSM alphabet reduces the limit to 70 units.
    assert_eq!(notice(english, "Latchkey", "王小明"), without);
    assert_eq!(
        notice(chinese, "範例", "王小明"),
        "範例：系統管理員 王小明 剛剛以驗證碼自行重設了密碼。如有疑慮，請向本人確認。"
    );
    assert_eq!(
        notice(chinese, "範例", &"王".repeat(64)),
        "範例：有系統管理員剛剛以驗證碼自行重設了密碼。"
    );
}

#[test]
fn the_notice_of_a_reset_says_how_many_methods_can_reset() {
    use Language::{English, TraditionalChinese};
    let long = "範".repeat(LONGEST_SHORT_NAME);
    #[rustfmt::skip]
    let table = [
        (English, "Latchkey", "Latchkey: your password was reset. Methods that can reset it: 2. Not you? Tell the help desk.".to_owned()),
        // A name outside the GSM alphabet leaves room for the short text only.
        (English, "範例", "範例: password reset. Reset methods: 2. Not you? Get help.".to_owned()),
        (TraditionalChinese, &long, format!("{long}：您的密碼已重設，目前有 2 種方式可重設密碼。若非本人操作，請立即聯絡服務台。")),
    ];
    for (language, name, text) in table {
        let methods = &MethodsNow { methods: Vec::new(), usable: 2 };
        let support_code = &SupportCode::of("a request");
        let content =
            Content::Notice { notice: Notice::PasswordReset, about: None, methods, support_code };
        assert_eq!(sms(language, name, HOST, content), text);
    }
}

#[test]
fn a49_a_short_name_is_text_and_never_a_placeholder_or_a_last_line() {
    let code = code();
    for name in ["{code}{code}", "@evil.com #1", "<b>{about}"] {
        let text = sms(
            Language::English,
            name,
            HOST,
            Content::Code { code: &code, purpose: Purpose::Reset, minutes: 5 },
        );
        assert!(text.starts_with(&format!("{name}: {} is", code.reveal())), "{text}");
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.ends_with(&format!("\n@{HOST} #{}", code.reveal())), "{text}");
    }
}

#[test]
fn parts_are_counted_as_the_inbox_counts_them() {
    let check = |text: &str| assert_eq!(fits_one_part(text), parts(text) == 1, "{text:?}");
    // Each character alone, repeated to lengths around the limit of one part.
    for c in ('\0'..'\u{2200}').chain(['\u{feff}', '碼', '😀']) {
        for length in [35, 36, 70, 71, 80, 81, 160, 161] {
            check(&c.to_string().repeat(length));
        }
    }
    // Mixed texts: one character of another kind changes how all characters count.
    for (many, length) in [
        ("a", 158),
        ("a", 159),
        ("a", 160),
        ("€", 79),
        ("€", 80),
        ("a", 69),
        ("a", 70),
        ("碼", 69),
        ("碼", 70),
    ] {
        for one in ["a", "€", "ç", "碼", "😀", "\n", "`"] {
            check(&(many.repeat(length) + one));
        }
    }
}

#[test]
fn a_base_url_is_https_and_its_host_fits_every_sms() {
    let host = |n: usize| format!("{}.example.com", "h".repeat(n - 12));
    #[rustfmt::skip]
    let good = [
        ("https://reset.example.com".to_owned(), "https://reset.example.com", "reset.example.com"),
        ("https://reset.example.com/".to_owned(), "https://reset.example.com", "reset.example.com"),
        ("HTTPS://Reset.Example.COM:443".to_owned(), "https://reset.example.com", "reset.example.com"),
        ("https://reset.example.com:8443".to_owned(), "https://reset.example.com:8443", "reset.example.com"),
        ("https://xn--fsq.example.com".to_owned(), "https://xn--fsq.example.com", "xn--fsq.example.com"),
        (format!("https://{}", host(LONGEST_HOST)), &format!("https://{}", host(LONGEST_HOST)), &host(LONGEST_HOST)),
        ("http://127.0.0.1:9000".to_owned(), "http://127.0.0.1:9000", "127.0.0.1"),
        ("http://localhost:80/".to_owned(), "http://localhost", "localhost"),
        ("http://[::1]:9000".to_owned(), "http://[::1]:9000", "[::1]"),
    ];
    for (text, origin, host) in good {
        let url = BaseUrl::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((url.origin(), url.host()), (origin, host), "{text}");
    }
    #[rustfmt::skip]
    let bad = [
        "", "reset.example.com", "/", "https://", "https:///", "http://reset.example.com", "ftp://reset.example.com", "http://127.0.0.2",
        "http://localhost.example.com", "https://reset.example.com/path", "https://reset.example.com?x=1", "https://reset.example.com#x/",
        "https://user@reset.example.com", "https://user:1@reset.example.com", "https://reset.example.com:", "https://reset.example.com:x",
        "https://reset.example.com:65536", "https://reset..example.com", "https://.example.com", "https://example.com.", "https://-a.example.com",
        "https://a_b.example.com", "https://重設.example.com", "https://a b.example.com", "https://[2001:db8::1]", "https://reset.example.com\n@evil.example",
    ];
    for text in
        bad.into_iter().map(str::to_owned).chain([format!("https://{}", host(LONGEST_HOST + 1))])
    {
        let error = BaseUrl::parse(&text).expect_err(&text).to_string();
        assert!(
            error.contains("LATCHKEY_BASE_URL")
                && error.contains(&format!("at most {LONGEST_HOST} characters")),
            "{error}"
        );
    }
    // CloudFormation refuses an invalid URL before any function starts.
    let middle = LONGEST_HOST - 2;
    let pattern = format!(
        "AllowedPattern: \"https://[a-z0-9]([a-z0-9.-]{{0,{middle}}}[a-z0-9])?(:[0-9]{{1,5}})?/?\""
    );
    assert!(include_str!("../../../infra/template.yaml").contains(&pattern), "{pattern}");
}
