use aws_sdk_sesv2::{
    config::{Credentials, Region, retry::RetryConfig},
    error::ProvideErrorMetadata,
    types::{Body, Content, Destination, EmailContent, Message as Mail, MessageHeader},
};
use serde_json::{Value, json};

use super::*;
use crate::{inbox::Undelivered, secrets::SECRET_ID};

fn start() -> Standins {
    Standins::start(None, r#"{"ids":"k"}"#.into()).unwrap()
}

/// Builds a client of any SDK crate: their types have the same names.
macro_rules! client {
    ($sdk:ident, $standins:expr) => {
        $sdk::Client::from_conf(
            $sdk::Config::builder()
                .behavior_version_latest()
                .region(Region::new(crate::REGION))
                .credentials_provider(Credentials::new("local", "local", None, None, "test"))
                .http_client(platform::connect::client())
                .retry_config(RetryConfig::disabled())
                .endpoint_url($standins.endpoint())
                .build(),
        )
    };
}

// Declared after the macro, because it uses the macro too.
mod localstack;

const FROM: &str = "Latchkey <no-reply@example.com>";

async fn send_mail(standins: &Standins) -> Result<Option<String>, String> {
    let header = MessageHeader::builder().name("Auto-Submitted").value("auto-generated");
    send_mail_as(standins, FROM, header.build().unwrap()).await
}

async fn send_mail_as(
    standins: &Standins,
    from: &str,
    header: MessageHeader,
) -> Result<Option<String>, String> {
    let part = |data: &str| Content::builder().data(data).build().unwrap();
    let mail = Mail::builder()
        .subject(part("驗證碼"))
        .body(
            Body::builder()
                .text(part("您的驗證碼是12345678。"))
                .html(part("<p>12345678</p>"))
                .build(),
        )
        .headers(header)
        .build();
    client!(aws_sdk_sesv2, standins)
        .send_email()
        .from_email_address(from)
        .destination(Destination::builder().to_addresses("mei@example.com").build())
        .content(EmailContent::builder().simple(mail).build())
        .send()
        .await
        .map(|sent| sent.message_id)
        .map_err(|error| error.code().unwrap_or("none").to_owned())
}

#[tokio::test]
async fn the_sdk_sends_a_mail() {
    let standins = start();
    assert!(send_mail(&standins).await.unwrap().is_some());
    let [mail] = &standins.inbox().to("Mei@example.com")[..] else { panic!("one mail") };
    assert_eq!(mail.channel, Channel::Email);
    assert_eq!(mail.from.as_deref(), Some(FROM));
    assert_eq!(mail.code.as_deref(), Some("12345678"));
    assert_eq!(mail.language, "zh-TW");
    assert_eq!(mail.html.as_deref(), Some("<p>12345678</p>"));
}

#[tokio::test]
async fn a_mail_with_a_sender_or_a_header_that_ses_refuses_is_refused() {
    let standins = start();
    let header =
        |name: &str, value: &str| MessageHeader::builder().name(name).value(value).build().unwrap();
    let good = header("Auto-Submitted", "auto-generated");
    let refused = [
        ("範例 <no-reply@example.com>", good.clone()),
        (FROM, header("Auto Submitted", "x")),
        (FROM, header("Auto-Submitted:", "x")),
        (FROM, header("X-Name", "範例")),
        (FROM, header("X-Name", "a\r\nBcc: eve@example.com")),
        (FROM, header("X-Name", "")),
    ];
    for (from, header) in refused {
        let sent = send_mail_as(&standins, from, header.clone()).await;
        assert_eq!(sent.unwrap_err(), "BadRequestException", "{from} {header:?}");
    }
    let encoded = "=?UTF-8?B?56+E5L6L?= <no-reply@example.com>";
    send_mail_as(&standins, encoded, good).await.unwrap();
    assert_eq!(standins.inbox().all().len(), 1);
}

#[tokio::test]
async fn the_sdk_understands_why_a_mail_failed() {
    let standins = start();
    let cases =
        [(Failure::Throttled, "TooManyRequestsException"), (Failure::Rejected, "MessageRejected")];
    for (failure, code) in cases {
        standins.fail_next(Channel::Email, failure);
        assert_eq!(send_mail(&standins).await.unwrap_err(), code);
    }
}

#[tokio::test]
async fn a_mail_that_is_suppressed_or_bounces_was_accepted_and_never_comes() {
    for failure in [Failure::Suppressed, Failure::Bounced] {
        let standins = start();
        standins.fail_next(Channel::Email, failure);
        assert!(send_mail(&standins).await.unwrap().is_some());
        assert!(standins.inbox().all().is_empty());
        let [line] = &standins.inbox().undelivered()[..] else { panic!("one line") };
        assert_eq!((line.failure, line.to.as_str()), (failure, "mei@example.com"));
        send_mail(&standins).await.unwrap();
        assert_eq!(standins.inbox().all().len(), 1);
    }
}

#[tokio::test]
async fn a_mail_that_comes_back_is_reported_under_the_name_it_was_taken_by() {
    for (failure, subtype) in
        [(Failure::Bounced, "General"), (Failure::Suppressed, "OnAccountSuppressionList")]
    {
        let mut standins = start();
        let mut reports = standins.reports();
        send_mail(&standins).await.unwrap();
        standins.fail_next(Channel::Email, failure);
        let name = send_mail(&standins).await.unwrap().unwrap();
        let report = reports.try_recv().unwrap();
        assert_eq!(
            (&report["source"], &report["detail-type"]),
            (&json!("aws.ses"), &json!("Email Bounced"))
        );
        assert_eq!(report["detail"]["mail"]["messageId"], name);
        let bounce = &report["detail"]["bounce"];
        assert_eq!(
            (&bounce["bounceType"], &bounce["bounceSubType"]),
            (&json!("Permanent"), &json!(subtype))
        );
        assert!(reports.try_recv().is_err(), "of one that arrives nothing is said");
    }
}

#[tokio::test]
async fn an_sms_to_a_number_that_opted_out_is_reported_by_the_delivery_log() {
    use base64::Engine;
    use std::io::Read;
    let mut standins = start();
    let mut reports = standins.reports();
    standins.fail_next(Channel::Sms, Failure::OptedOut);
    let (status, answer) = publish(&standins, "+61491570156").await;
    let report = reports.try_recv().unwrap();
    let packed = base64::engine::general_purpose::STANDARD
        .decode(report["awslogs"]["data"].as_str().unwrap())
        .unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let logs: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, &logs["messageType"]), (200, &json!("DATA_MESSAGE")));
    let line: Value =
        serde_json::from_str(logs["logEvents"][0]["message"].as_str().unwrap()).unwrap();
    assert!(answer.contains(line["notification"]["messageId"].as_str().unwrap()), "{line}");
    assert_eq!(
        (&line["status"], &line["delivery"]["providerResponse"]),
        (&json!("FAILURE"), &json!("Phone number is opted out"))
    );
}

#[tokio::test]
async fn of_a_send_that_was_refused_nothing_is_reported() {
    let mut standins = start();
    let mut reports = standins.reports();
    for failure in [Failure::Throttled, Failure::Rejected] {
        standins.fail_next(Channel::Email, failure);
        send_mail(&standins).await.unwrap_err();
        standins.fail_next(Channel::Sms, failure);
        assert_ne!(publish(&standins, "+61491570156").await.0, 200);
    }
    assert!(reports.try_recv().is_err());
}

#[tokio::test]
async fn the_sdk_reads_the_secret_and_no_other() {
    let standins = start();
    let client = client!(aws_sdk_secretsmanager, standins);
    let found = client.get_secret_value().secret_id(SECRET_ID).send().await;
    assert_eq!(found.unwrap().secret_string(), Some(r#"{"ids":"k"}"#));
    let other = client.get_secret_value().secret_id("other").send().await;
    assert!(other.unwrap_err().into_service_error().is_resource_not_found_exception());
}

async fn publish(standins: &Standins, to: &str) -> (u16, String) {
    let form = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("PhoneNumber", to),
        ("Message", "123456 is your code.\n\n@example.com #123456"),
        ("MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SMSType"),
        ("MessageAttributes.entry.1.Value.DataType", "String"),
        ("MessageAttributes.entry.1.Value.StringValue", "Transactional"),
        ("MessageAttributes.entry.2.Name", "AWS.SNS.SMS.SenderID"),
        ("MessageAttributes.entry.2.Value.StringValue", "Latchkey"),
    ];
    let body: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let response = reqwest::Client::new()
        .post(standins.endpoint())
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

#[tokio::test]
async fn a_text_message_arrives() {
    let standins = start();
    let (status, xml) = publish(&standins, "+61491570156").await;
    assert_eq!(status, 200);
    assert!(xml.contains("<PublishResult><MessageId>"), "{xml}");
    let [sms] = &standins.inbox().to("+61491570156")[..] else { panic!("one message") };
    assert_eq!(sms.from.as_deref(), Some("Latchkey"));
    assert_eq!(sms.code.as_deref(), Some("123456"));
    assert_eq!(sms.parts, 1);
    assert_eq!(sms.attributes["AWS.SNS.SMS.SMSType"], "Transactional");
}

#[tokio::test]
async fn text_messages_fail_as_at_sns() {
    let standins = start();
    standins.fail_next(Channel::Sms, Failure::Throttled);
    let (status, xml) = publish(&standins, "+61491570156").await;
    assert!(status == 429 && xml.contains("<Code>Throttled</Code>"), "{xml}");
    let (status, xml) = publish(&standins, "+<1>").await;
    assert!(status == 400 && xml.contains("<Code>InvalidParameter</Code>"), "{xml}");
    assert!(xml.contains("+&lt;1&gt;"), "{xml}");
    standins.fail_next(Channel::Sms, Failure::OptedOut);
    assert_eq!(publish(&standins, "+61491570156").await.0, 200);
    assert!(standins.inbox().all().is_empty());
    let lines: Vec<_> =
        standins.inbox().undelivered().iter().map(|line: &Undelivered| line.failure).collect();
    assert_eq!(
        lines,
        [Failure::Throttled, Failure::OptedOut],
        "a number that is none was never a send"
    );
}

#[tokio::test]
async fn tests_wait_for_messages_over_http() {
    let standins = start();
    // People type a number without encoding its `+`.
    let url = format!("{}/api/messages?to=+61491570156&wait=30", standins.endpoint());
    let waiting = async { reqwest::get(url).await.unwrap().json::<Value>().await.unwrap() };
    let (found, _) = tokio::join!(waiting, publish(&standins, "+61491570156"));
    assert_eq!(found["messages"][0]["code"], "123456");
    assert_eq!(found["messages"][0]["channel"], "sms");
    assert_eq!(found["oldest"], 1);
}

async fn get(standins: &Standins, path: &str) -> Value {
    reqwest::get(standins.endpoint() + path).await.unwrap().json().await.unwrap()
}

/// Sends a DELETE without a body, and returns the status.
async fn delete(standins: &Standins, path: &str) -> u16 {
    let url = standins.endpoint() + path;
    reqwest::Client::new().delete(url).send().await.unwrap().status().as_u16()
}

async fn arm(standins: &Standins, failure: Value) -> u16 {
    let url = format!("{}/api/fail", standins.endpoint());
    reqwest::Client::new().post(url).json(&failure).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn failures_are_armed_seen_and_called_off_over_http() {
    let standins = start();
    assert_eq!(
        arm(&standins, json!({ "channel": "sms", "as": "optedOut", "times": 2 })).await,
        204
    );
    assert_eq!(arm(&standins, json!({ "channel": "email", "as": "bounced" })).await, 204);
    assert_eq!(arm(&standins, json!({ "channel": "email", "as": "eaten" })).await, 422);
    let [sms, mail] = [("sms", "optedOut"), ("email", "bounced")]
        .map(|(channel, failure)| json!({ "channel": channel, "as": failure }));
    assert_eq!(get(&standins, "/api/fail").await["waiting"], json!([sms, sms, mail]));
    assert_eq!(delete(&standins, "/api/fail?channel=email&as=eaten").await, 400);
    assert_eq!(delete(&standins, "/api/fail?channel=sms&as=optedOut").await, 204);
    assert_eq!(get(&standins, "/api/fail").await["waiting"], json!([mail]));
    assert_eq!(delete(&standins, "/api/fail").await, 204);
    assert_eq!(standins.inbox().failures(), []);
}

#[tokio::test]
async fn a_swallowed_send_is_told_without_a_word_of_its_text() {
    let standins = start();
    arm(&standins, json!({ "channel": "sms", "as": "optedOut" })).await;
    publish(&standins, "+61491570156").await;
    let mut told = get(&standins, "/api/undelivered").await;
    assert!(told["undelivered"][0]["at"].take().is_string());
    let line = json!({ "id": 1, "channel": "sms", "to": "+61491570156", "as": "optedOut", "times": 1, "at": null });
    assert_eq!(told["undelivered"], json!([line]));
    // A caller that waits for a message does not see the failure.
    let messages = get(&standins, "/api/messages?to=%2B61491570156").await;
    assert_eq!(messages, json!({ "messages": [], "oldest": null }));
}

#[tokio::test]
async fn the_page_hears_of_every_change() {
    let standins = start();
    let mut seen = get(&standins, "/api/live").await;
    assert_eq!((&seen["messages"], &seen["waiting"]), (&json!([]), &json!([])));
    let live = async |seen: &Value, after: u64| {
        get(&standins, &format!("/api/live?revision={}&after={after}", seen["revision"])).await
    };
    (seen, _) = tokio::join!(live(&seen, 0), publish(&standins, "+61491570156"));
    assert_eq!(
        (seen["messages"][0]["code"].as_str(), &seen["kept"]),
        (Some("123456"), &json!([1]))
    );
    (seen, _) =
        tokio::join!(live(&seen, 1), arm(&standins, json!({ "channel": "sms", "as": "optedOut" })));
    assert_eq!(
        (&seen["messages"], &seen["kept"], &seen["waiting"][0]["as"]),
        (&json!([]), &json!([1]), &json!("optedOut"))
    );
    (seen, _) = tokio::join!(live(&seen, 1), publish(&standins, "+61491570156"));
    assert_eq!((&seen["waiting"], &seen["undelivered"][0]["as"]), (&json!([]), &json!("optedOut")));
    (seen, _) = tokio::join!(live(&seen, 1), delete(&standins, "/api/messages"));
    assert_eq!((&seen["kept"], &seen["undelivered"]), (&json!([]), &json!([])));
}

#[tokio::test]
async fn the_page_is_its_own_files_and_nothing_inline() {
    let standins = start();
    let page = reqwest::get(standins.endpoint()).await.unwrap();
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
    let html = page.text().await.unwrap();
    assert!(
        !html.contains("style=") && !html.contains("<style") && !html.contains(" onclick"),
        "{html}"
    );
    for (path, kind) in [
        ("/inbox.css", "text/css"),
        ("/inbox.js", "text/javascript"),
        ("/inbox.svg", "image/svg+xml"),
    ] {
        assert!(html.contains(&format!("\"{path}\"")), "the page asks for {path}");
        let file = reqwest::get(standins.endpoint() + path).await.unwrap();
        assert_eq!(file.headers()["content-type"], kind);
    }
}

#[tokio::test]
async fn strangers_are_refused_and_get_no_permission() {
    let standins = start();
    let ask = |name: &'static str, value: String| {
        let request = reqwest::Client::new().get(standins.endpoint() + "/api/messages");
        async move { request.header(name, value).send().await.unwrap() }
    };
    assert_eq!(ask("host", "evil.example:80".into()).await.status(), 403);
    assert_eq!(ask("origin", "https://evil.example".into()).await.status(), 403);
    assert_eq!(ask("origin", "null".into()).await.status(), 403);
    let own = ask("origin", standins.endpoint()).await;
    assert_eq!(own.status(), 200);
    assert!(own.headers().get("access-control-allow-origin").is_none());
}

#[tokio::test]
async fn a_mail_is_shown_without_any_rights() {
    let standins = start();
    send_mail(&standins).await.unwrap();
    let shown = reqwest::get(standins.endpoint() + "/mail/1").await.unwrap();
    let policy = shown.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("sandbox; default-src 'none'"), "{policy}");
    assert_eq!(shown.text().await.unwrap(), "<p>12345678</p>");
    let none = reqwest::get(standins.endpoint() + "/mail/2").await.unwrap();
    assert_eq!(none.status(), 404);
}
