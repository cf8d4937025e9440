//! SMS as phones receive them, and the effects of failed sends.

use domain::time::Span;
use local::inbox::{Channel, Failure, Message};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::World;
use tests::people::{Person, StartedReset};
use tests::proxy::Fault;
use tests::world::Ask;

pub const NUMBER: &str = "+61491570156";
pub const HOST: &str = "reset.example.com";

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

/// Creates a test environment that allows phones, and a user with this language who
/// registered one.
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

/// Requests a code by SMS. Returns the challenge ID.
async fn ask_sms(world: &World, reset: &StartedReset) -> String {
    let ask = Ask::new("POST", format!("/v1/resets/{}/challenges", reset.id)).bearer(&reset.bearer);
    // The message contains the configured host, regardless of a request's headers.
    let ask =
        ask.header("x-forwarded-host", "evil.example").header("origin", "https://evil.example");
    world.ask(ask.body(json!({ "kind": "mobilePhone" }))).await.expect(202).text("challengeId")
}

/// Returns the states of the outbox rows.
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
         "Example: your password was reset. Methods that can reset it: 1. Not you? Tell the help desk."),
        ("zh-TW", "範例", ["範例設定驗證碼：{}，請勿告訴他人。", "範例重設驗證碼：{}，請勿告訴他人。"],
         "範例：您的密碼已重設，目前有 1 種方式可重設密碼。若非本人操作，請立即聯絡服務台。"),
    ];
    for (language, short_name, sentences, notice) in languages {
        let (world, ann) = world_of_phones(language, short_name).await;
        let reset = world.start_reset(&ann.user_id).await;
        let challenge = ask_sms(&world, &reset).await;
        let code = world.code_for(NUMBER).await;
        world.verify(&reset.bearer, &challenge, &code).await.expect(200);
        world.set_password(&reset, "a new and longer ptarmigan").await.expect(204);
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
async fn a65_a_permanently_refused_sms_is_recorded_and_another_can_be_asked_for() {
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
async fn an_sms_to_an_opted_out_number_is_marked_as_sent_and_never_arrives() {
    let (world, ann) = world_of_phones("en", "Example").await;
    let before = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    world.standins.fail_next(Channel::Sms, Failure::OptedOut);
    ask_sms(&world, &reset).await;
    world.pump().await;
    // SNS reports no error: the row is marked as sent, and the answers are the same.
    assert_eq!(world.standins.inbox().all().len(), before);
    assert!(states(&world).await.iter().all(|state| state == "sent"));
    world.pass(Span::seconds(30));
    ask_sms(&world, &reset).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_sms_is_tried_again_and_sent_once() {
    let (world, ann) = world_of_phones("en", "Example").await;
    let before = world.standins.inbox().all().len();
    let reset = world.start_reset(&ann.user_id).await;
    // Three tries in total: one more than for a send without a response.
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
    // The number of lost responses, and the state of the row afterwards.
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
        assert_eq!(published.len(), 2, "only the outbox tries again, once");
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
