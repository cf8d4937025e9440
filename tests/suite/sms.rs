//! Text messages: one part each, in the worst case too, and how SNS is asked.

use crate::phone::NUMBER;
use domain::account::Language;
use domain::challenge::{ChallengeId, Purpose};
use domain::code::Code;
use domain::key::Keys;
use domain::method::{Destination, Kind};
use domain::notice::Notice;
use domain::policy::{Organisation, Policy};
use domain::port::{Content, Outgoing};
use domain::time::{Span, Time};
use local::inbox::{Channel, Failure, parts};
use platform::send::sms::render;
use platform::settings::LONGEST_HOST;
use serde_json::json;
use tests::World;
use tests::world::Ask;

fn code(kid: u16, digits: u8) -> Code {
    let keys = Keys::parse(&local::secrets::generate().expect("keys")).expect("keys");
    let challenge = ChallengeId::new(kid, Kind::MobilePhone, digits, Time(0), [7; 16]);
    Code::derive(&keys.current().codes, &challenge, Purpose::Reset)
}

fn organisation(short_name: &str) -> Organisation {
    let organisation = Organisation { short_name: short_name.to_owned(), ..Policy::default().organisation };
    let policy = Policy { organisation: organisation.clone(), ..Policy::default() };
    assert_eq!(policy.violations(), [], "{short_name} may be saved");
    organisation
}

/// Every text message there is, for a language, a short name and a host.
fn all(language: Language, short_name: &str, host: &str, digits: u8) -> Vec<String> {
    let (organisation, code) = (organisation(short_name), code(1, digits));
    let to = Destination::parse(Kind::MobilePhone, NUMBER).expect("a number");
    let about = "陳".repeat(128);
    let codes = Purpose::ALL.map(|purpose| Content::Code { code: &code, purpose, minutes: 10 });
    let notices = Notice::ALL.map(|notice| Content::Notice { notice, about: (notice == Notice::AdministratorReset).then_some(&*about) });
    let contents = codes.into_iter().chain(notices);
    let one = |content| render(&Outgoing { to: &to, language, organisation: &organisation, content }, host).to_string();
    contents.map(one).collect()
}

#[test]
fn every_text_message_fits_one_part_in_the_worst_case() {
    let host = format!("{}.example.com", "a".repeat(LONGEST_HOST - 12));
    assert_eq!(host.len(), LONGEST_HOST);
    // The longest names: in the GSM alphabet, of its dearest characters, of
    // others, of letters that UTF-16 writes as two units.
    for short_name in ["Latchkey Inc", "[[[[[[[[[[[[", "一二三四五六七八九十百千", "𝔏𝔏𝔏𝔏𝔏𝔏", "a"] {
        for language in Language::ALL {
            for message in all(language, short_name, &host, 8) {
                assert_eq!(parts(&message), 1, "{} {short_name}: {} units: {message}", language.tag(), message.encode_utf16().count());
                assert!(!message.contains("://") && !message.contains('{'), "{message}");
                assert!(message.contains(short_name), "{message}");
            }
        }
    }
}

#[test]
fn the_fullest_text_that_fits_is_sent() {
    let en = |short_name| all(Language::English, short_name, "reset.example.com", 8)[0].clone();
    let zh = |host| all(Language::TraditionalChinese, "範例公司", host, 8)[0].clone();
    assert!(en("Example").contains("Never tell it to anybody."));
    assert!(!en("範例公司範例公司範例公司").contains("Never"), "in UTF-16 it would not fit");
    assert!(zh("reset.example.com").contains("請勿告訴任何人"));
    assert!(!zh(&"a".repeat(LONGEST_HOST)).contains("請勿"));
}

#[test]
fn a_code_ends_with_the_line_that_binds_it_to_our_pages() {
    for digits in [6, 8] {
        for language in Language::ALL {
            for message in &all(language, "Latchkey", "reset.example.com", digits)[..2] {
                let last = message.lines().last().expect("a line");
                let (host, code) = last.strip_prefix('@').and_then(|rest| rest.split_once(" #")).expect("origin and code");
                assert_eq!((host, code.len()), ("reset.example.com", usize::from(digits)));
                assert!(message.lines().next().is_some_and(|first| first.contains(code)), "{message}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_gets_its_code_as_a_message_that_matters_in_its_owners_language() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    for (language, number, words) in [("en", "+61491570156", "to confirm this phone"), ("zh-TW", "+61491570157", "確認電話驗證碼")] {
        let user = json!({ "userId": format!("{language}@example.com"), "name": "Somebody", "language": language });
        let user = world.user(&admin, user).await;
        world.register_all(&user, &[("mobilePhone", number)]).await;
        let message = world.standins.inbox().to(number).pop().expect("one");
        assert_eq!((message.channel, message.language, message.parts), (Channel::Sms, language, 1));
        assert!(message.text.contains(words) && message.text.contains("\n@reset.example.com #"), "{}", message.text);
        assert_eq!(message.kind.as_deref(), Some("Transactional"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a65_a_text_message_that_is_refused_is_recorded_or_tried_again_and_refills_nothing() {
    let world = World::new().await;
    let admin = world.session(&world.administrator().await).await;
    world.switch_on_phones(&admin, 1).await;
    let ann = world.user(&admin, json!({ "userId": "ann@example.com", "name": "Ann" })).await;
    world.register_all(&ann, &[("mobilePhone", NUMBER)]).await;
    world.pass(Span::hours(1));
    let got = || world.standins.inbox().to(NUMBER).len();

    // For good: the reset tells nothing, and another can be asked for.
    let (before, reset) = (got(), world.start_reset("ann@example.com").await);
    let sent = world.ask_sms(&reset, NUMBER).await.expect(202);
    for n in 0..3 {
        assert_eq!(world.verify(&reset.bearer, &sent.text("challengeId"), &format!("0000000{n}")).await.code(), "codeNotAccepted");
    }
    world.standins.fail_next(Channel::Sms, Failure::Rejected);
    world.pump().await;
    assert_eq!(got(), before);
    let failed = world.items().await.into_iter().filter(|item| item["state"]["S"] == "failed").count();
    assert_eq!(failed, 1);
    world.ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer)).await.expect(200);
    world.pass(Span::seconds(30));
    let sent = world.ask_sms(&reset, NUMBER).await.expect(202);
    // Throttled: the SDK tries again by itself, then the stream does.
    world.standins.fail_next(Channel::Sms, Failure::Throttled);
    world.pump().await;
    assert_eq!(got(), before + 1);
    for n in 0..5 {
        assert_eq!(world.verify(&reset.bearer, &sent.text("challengeId"), &format!("0000000{n}")).await.code(), "codeNotAccepted");
    }
    // Accepted and never delivered: as sent as can be told.
    world.pass(Span::minutes(1));
    let sent = world.ask_sms(&reset, NUMBER).await.expect(202);
    world.standins.fail_next(Channel::Sms, Failure::OptedOut);
    world.pump().await;
    assert_eq!(got(), before + 1);
    for n in 0..2 {
        assert_eq!(world.verify(&reset.bearer, &sent.text("challengeId"), &format!("0000000{n}")).await.code(), "codeNotAccepted");
    }
    assert_eq!(world.ask_reset("ann@example.com").await.code(), "resetClosed", "ten guesses over three codes, sent or not");
}
