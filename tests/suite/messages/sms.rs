//! What people get by SMS: one part each, in both languages, bound to our host
//! and to nothing that somebody else could have put in.

use domain::challenge::{ChallengeId, Purpose};
use domain::code::Code;
use domain::destination::Destination;
use domain::key::Keys;
use domain::kind::Kind;
use domain::language::Language;
use domain::notice::Notice;
use domain::policy::{LONGEST_SHORT_NAME, Organisation, Policy};
use domain::port::{Content, Outgoing};
use domain::time::Span;
use local::inbox::{Channel, Failure, Message, parts};
use platform::send::sms::{fits_one_part, render};
use platform::settings::{BaseUrl, LONGEST_HOST};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::World;
use tests::people::{Person, StartedReset};
use tests::proxy::Fault;
use tests::world::{Ask, BEGIN};

const NUMBER: &str = "+61491570156";
const HOST: &str = "reset.example.com";

/// A code of 8 digits.
fn code() -> Code {
    let keys = Keys::parse(&local::secrets::generate().expect("keys")).expect("keys");
    let challenge = ChallengeId::new(keys.current().kid, Kind::MobilePhone, 8, BEGIN, [7; 16]);
    Code::derive(&keys.current().codes, &challenge, Purpose::Reset)
}

/// The SMS of a content.
fn sms(language: Language, short_name: &str, host: &str, content: Content<'_>) -> String {
    let organisation =
        Organisation { short_name: short_name.into(), ..Policy::default().organisation };
    let to = Destination::MobilePhone(NUMBER.into());
    render(&Outgoing { to: &to, language, organisation: &organisation, content }, host).to_string()
}

/// Every SMS there is, in both languages: codes, and notices.
fn every_sms(short_name: &str, host: &str, code: &Code) -> (Vec<String>, Vec<String>) {
    let (mut codes, mut notices) = (Vec::new(), Vec::new());
    let long = "王".repeat(254);
    for language in Language::ALL {
        let say = |content| sms(language, short_name, host, content);
        codes.extend(
            Purpose::ALL
                .iter()
                .map(|purpose| say(Content::Code { code, purpose: *purpose, minutes: 10 })),
        );
        for notice in Notice::ALL {
            // Whom it speaks of is said by one of them alone.
            let about: &[Option<&str>] = match notice {
                Notice::AdministratorReset => &[Some("Bo"), Some(&long)],
                Notice::PasswordReset
                | Notice::PasswordChanged
                | Notice::MethodAdded
                | Notice::MethodChanged
                | Notice::MethodRemoved
                | Notice::PasswordIssued => &[None],
            };
            notices
                .extend(about.iter().map(|about| say(Content::Notice { notice, about: *about })));
        }
    }
    (codes, notices)
}

/// Short names that are as long as they may be: in ASCII, in the alphabet's
/// extension, beyond the alphabet, in Chinese, and beyond the BMP.
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
            "a notice is bound to no page"
        );
    }
}

#[test]
fn nothing_may_be_longer_than_the_limits_say() {
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
fn the_fullest_text_that_fits_is_sent() {
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
    let told = |language, name: &str, about: &str| {
        sms(
            language,
            name,
            HOST,
            Content::Notice { notice: Notice::AdministratorReset, about: Some(about) },
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
    assert_eq!(told(english, "Latchkey", &"b".repeat(room)), with(&"b".repeat(room)));
    assert_eq!(told(english, "Latchkey", &"b".repeat(room + 1)), without);
    // One character beyond the alphabet makes it 70 units.
    assert_eq!(told(english, "Latchkey", "王小明"), without);
    assert_eq!(
        told(chinese, "範例", "王小明"),
        "範例：系統管理員 王小明 剛剛以驗證碼自行重設了密碼。如有疑慮，請向本人確認。"
    );
    assert_eq!(
        told(chinese, "範例", &"王".repeat(64)),
        "範例：有系統管理員剛剛以驗證碼自行重設了密碼。"
    );
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
    // Each character by itself, around the length at which its kind is full.
    for c in ('\0'..'\u{2200}').chain(['\u{feff}', '碼', '😀']) {
        for length in [35, 36, 70, 71, 80, 81, 160, 161] {
            check(&c.to_string().repeat(length));
        }
    }
    // And together: one of another kind counts for all.
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
    // A stack is refused before a function could be.
    let middle = LONGEST_HOST - 2;
    let pattern = format!(
        "AllowedPattern: \"https://[a-z0-9]([a-z0-9.-]{{0,{middle}}}[a-z0-9])?(:[0-9]{{1,5}})?/?\""
    );
    assert!(include_str!("../../../infra/template.yaml").contains(&pattern), "{pattern}");
}

#[test]
fn send_code_may_publish_to_numbers_and_to_no_topic() {
    let template: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(include_str!("../../../infra/template.yaml")).expect("YAML");
    let mut may = BTreeSet::new();
    for (name, resource) in template["Resources"].as_mapping().expect("resources") {
        let policies = resource["Properties"]["Policies"].as_sequence().into_iter().flatten();
        for statement in policies
            .filter_map(|policy| policy["PolicyDocument"]["Statement"].as_sequence())
            .flatten()
        {
            if statement["Action"] == "sns:Publish" {
                let text =
                    |value: &serde_yaml_ng::Value| value.as_str().expect("a text").to_owned();
                may.insert([text(name), text(&statement["Effect"]), text(&statement["Resource"])]);
            }
        }
    }
    let expected = [["SendCodeRole", "Allow", "*"], ["SendCodeRole", "Deny", "arn:*:sns:*:*:*"]];
    assert_eq!(may, expected.map(|statement| statement.map(str::to_owned)).into());
}

/// A world in which phones may be used, and a user of a language.
async fn world_of_phones(language: &str, short_name: &str) -> (World, Person) {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    let saved = world.save_policy(&admin, |policy| {
        policy["scope"] = json!({ "type": "all" });
        policy["methods"] = json!(["email", "mobilePhone"]);
        policy["smsCountries"] = json!(["AU"]);
        policy["confirmDestination"] = "none".into();
        policy["organisation"]["shortName"] = short_name.into();
    });
    saved.await.expect(200);
    let ann = world
        .user(&admin, json!({ "userId": "ann@example.com", "name": "Ann", "language": language }))
        .await;
    let bearer = world.session(&ann).await;
    let add = json!({ "kind": "mobilePhone", "destination": NUMBER });
    let sent =
        world.ask(Ask::new("POST", "/v1/me/methods").bearer(&bearer).body(add)).await.expect(202);
    let code = world.code_for(NUMBER).await;
    world.verify(&bearer, &sent.text("challengeId"), &code).await.expect(200);
    world.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer)).await.expect(200);
    (world, ann)
}

/// Asks for a code by SMS; the challenge.
async fn ask_sms(world: &World, reset: &StartedReset) -> String {
    let ask = Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id)).bearer(&reset.bearer);
    // The message is of our host, whatever a request says.
    let ask =
        ask.header("x-forwarded-host", "evil.example").header("origin", "https://evil.example");
    world.ask(ask.body(json!({ "kind": "mobilePhone" }))).await.expect(202).text("challengeId")
}

/// How the rows of the outbox stand.
async fn states(world: &World) -> Vec<String> {
    let items = world.items().await;
    let rows = items
        .iter()
        .filter(|item| item["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("OUTBOX#")));
    rows.map(|row| row["state"]["S"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_codes_and_notices_in_the_language_of_the_account() {
    #[rustfmt::skip]
    let languages = [
        ("en", "Example", ["Example: {} is your code to confirm this number. Do not share it.", "Example: {} is your code to reset your password. Do not share it."],
         "Example: your password was reset. Not you? Tell the help desk."),
        ("zh-TW", "範例", ["範例設定驗證碼：{}，請勿告訴他人。", "範例重設驗證碼：{}，請勿告訴他人。"],
         "範例：您的密碼剛剛已重設，所有裝置皆已登出。若非本人操作，請立即聯絡服務台。"),
    ];
    for (language, short_name, sentences, notice) in languages {
        let (world, ann) = world_of_phones(language, short_name).await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = ask_sms(&world, &reset).await;
        let code = world.code_for(NUMBER).await;
        world.verify(&reset.bearer, &challenge, &code).await.expect(200);
        world.set_password(&reset, "a new and longer password").await.expect(204);
        world.pump().await;

        let received = world.standins.inbox().to(NUMBER);
        let codes: Vec<&Message> =
            received.iter().filter(|message| message.code.is_some()).collect();
        let expected: Vec<String> = codes
            .iter()
            .zip(sentences)
            .map(|(message, sentence)| {
                let code = message.code.as_deref().expect("a code");
                format!("{}\n@{HOST} #{code}", sentence.replace("{}", code))
            })
            .collect();
        assert_eq!(codes.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(received.last().expect("a notice").text, notice);
        for message in &received {
            assert_eq!(
                (message.channel, message.parts, message.language),
                (Channel::Sms, 1, language),
                "{}",
                message.text
            );
            assert_eq!(
                message.attributes,
                [("AWS.SNS.SMS.SMSType".to_owned(), "Transactional".to_owned())].into()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_goes_to_a_number_and_to_nothing_else() {
    let (world, _) = world_of_phones("en", "Example").await;
    let calls = world.proxy.take_calls();
    let published = calls.iter().find(|call| call.operation == "/Publish").expect("a call of SNS");
    let fields: Vec<&str> =
        published.body.as_object().expect("fields").keys().map(String::as_str).collect();
    let attribute = ["Name", "Value.DataType", "Value.StringValue"]
        .map(|part| format!("MessageAttributes.entry.1.{part}"));
    assert_eq!(
        fields,
        [
            "Action",
            "Message",
            &attribute[0],
            &attribute[1],
            &attribute[2],
            "PhoneNumber",
            "Version"
        ]
    );
    assert_eq!(published.body["PhoneNumber"], NUMBER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_an_sms_that_is_refused_for_good_is_recorded_and_another_can_be_asked_for() {
    let (world, ann) = world_of_phones("en", "Example").await;
    let before = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.standins.fail_next(Channel::Sms, Failure::Rejected);
    ask_sms(&world, &reset).await;
    world.pump().await;
    assert_eq!(world.standins.inbox().all().len(), before);
    assert_eq!(states(&world).await.iter().filter(|state| *state == "failed").count(), 1);
    assert_eq!(world.dead_letters().await, 0);
    world.pass(Span::seconds(30));
    let challenge = ask_sms(&world, &reset).await;
    let code = world.code_for(NUMBER).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_to_a_number_that_opted_out_is_taken_and_never_comes() {
    let (world, ann) = world_of_phones("en", "Example").await;
    let before = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.standins.fail_next(Channel::Sms, Failure::OptedOut);
    ask_sms(&world, &reset).await;
    world.pump().await;
    // SNS does not say so: it is as if it were sent, and the answers tell nothing.
    assert_eq!(world.standins.inbox().all().len(), before);
    assert!(states(&world).await.iter().all(|state| state == "sent"));
    world.pass(Span::seconds(30));
    ask_sms(&world, &reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_sms_that_is_throttled_is_tried_again_and_sent_once() {
    let (world, ann) = world_of_phones("en", "Example").await;
    let before = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    // More often than a message whose fate is unknown may be tried.
    for _ in 0..2 {
        world.standins.fail_next(Channel::Sms, Failure::Throttled);
    }
    let challenge = ask_sms(&world, &reset).await;
    world.pump().await;
    assert_eq!(world.standins.inbox().failures(), []);
    assert_eq!((world.standins.inbox().all().len(), world.dead_letters().await), (before + 1, 0));
    let code = world.code_for(NUMBER).await;
    world.verify(&reset.bearer, &challenge, &code).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn r09_an_sms_whose_answer_is_lost_is_published_twice_at_most_with_the_same_code() {
    // How often the answer is lost, and what becomes of the row.
    for (losses, state) in [(1, "sent"), (usize::MAX, "failed")] {
        let (world, ann) = world_of_phones("en", "Example").await;
        let before = world.standins.inbox().all().len();
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = ask_sms(&world, &reset).await;
        let mut left = losses;
        world.proxy.set_rule(move |operation: &str, _: &Value| {
            let lose = operation == "/Publish" && left > 0;
            left -= usize::from(lose);
            lose.then_some(Fault::LoseReply)
        });
        world.pump().await;
        world.proxy.clear_rule();
        let published = world.standins.inbox().all().split_off(before);
        assert_eq!(published.len(), 2, "once more, by the outbox alone");
        assert_eq!(published[0].text, published[1].text);
        assert_eq!(
            states(&world).await.iter().filter(|other| *other == state).count(),
            if losses == 1 { 2 } else { 1 }
        );
        world
            .verify(&reset.bearer, &challenge, published[0].code.as_deref().expect("a code"))
            .await
            .expect(200);
    }
}
