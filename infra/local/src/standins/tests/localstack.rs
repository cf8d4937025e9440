//! The shapes are those of LocalStack's documentation. Where that is silent
//! (which address `email` means, what DELETE removes), they follow its code.

use super::*;

/// Sends a mail without HTML to two receivers.
async fn send_to_two(standins: &Standins) -> String {
    let part = |data: &str| Content::builder().data(data).build().unwrap();
    let mail = Mail::builder()
        .subject(part("Hello"))
        .body(Body::builder().text(part("Both of you")).build())
        .build();
    let sent = client!(aws_sdk_sesv2, standins)
        .send_email()
        .from_email_address("other@example.com")
        .destination(
            Destination::builder()
                .to_addresses("ann@example.com")
                .to_addresses("bob@example.com")
                .build(),
        )
        .content(EmailContent::builder().simple(mail).build())
        .send();
    sent.await.unwrap().message_id.unwrap()
}

#[tokio::test]
async fn a_mail_has_localstacks_shape() {
    let standins = start();
    let id = send_mail(&standins).await.unwrap();
    let mut found = get(&standins, "/_aws/ses").await;
    let at = found["messages"][0]["Timestamp"].take();
    assert_eq!(at.as_str().map(str::len), Some("2026-11-30T09:36:45".len()), "{at}");
    let expected = json!({
        "Id": id,
        "Region": "us-east-1",
        "Timestamp": null,
        "Destination": { "ToAddresses": ["mei@example.com"] },
        "Source": "Latchkey <no-reply@example.com>",
        "Subject": "驗證碼",
        "Body": { "text_part": "您的驗證碼是12345678。", "html_part": "<p>12345678</p>" },
    });
    assert_eq!(found, json!({ "messages": [expected] }));
}

#[tokio::test]
async fn mails_are_found_and_forgotten_by_send() {
    let standins = start();
    let first = send_mail(&standins).await.unwrap().unwrap();
    let second = send_to_two(&standins).await;
    publish(&standins, "+61491570156").await;
    let ids = async |query: &str| -> Vec<String> {
        let found = get(&standins, &format!("/_aws/ses{query}")).await;
        found["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|mail| mail["Id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids("").await, [first.as_str(), &second]);
    assert_eq!(ids("?id=&email=").await.len(), 2);
    assert_eq!(ids("?email=other@example.com").await, [second.as_str()]);
    assert_eq!(ids("?email=ann@example.com").await.len(), 0, "it is the address a mail is from");
    assert_eq!(ids(&format!("?id={first}")).await, [first.as_str()]);
    assert_eq!(ids(&format!("?id={first}&email=other@example.com")).await.len(), 0);
    let both = get(&standins, &format!("/_aws/ses?id={second}")).await;
    assert_eq!(
        both["messages"][0]["Destination"]["ToAddresses"],
        json!(["ann@example.com", "bob@example.com"])
    );
    assert_eq!(
        both["messages"][0]["Body"],
        json!({ "text_part": "Both of you", "html_part": null })
    );

    assert_eq!(delete(&standins, &format!("/_aws/ses?id={second}")).await, 204);
    assert_eq!(ids("").await, [first.as_str()]);
    assert_eq!(delete(&standins, "/_aws/ses").await, 204);
    assert_eq!(ids("").await.len(), 0);
    assert_eq!(standins.inbox().all().len(), 1, "the text message stays");
}

#[tokio::test]
async fn a_text_message_has_localstacks_shape() {
    let standins = start();
    let (_, xml) = publish(&standins, "+61491570156").await;
    let text = |value: &str| json!({ "DataType": "String", "StringValue": value });
    let mut found = get(&standins, "/_aws/sns/sms-messages").await;
    let id = found["sms_messages"]["+61491570156"][0]["MessageId"].take();
    assert!(
        xml.contains(&format!("<MessageId>{}</MessageId>", id.as_str().unwrap())),
        "{id} {xml}"
    );
    let expected = json!({
        "PhoneNumber": "+61491570156",
        "TopicArn": null,
        "SubscriptionArn": null,
        "MessageId": null,
        "Message": "123456 is your code.\n\n@example.com #123456",
        "MessageAttributes": { "AWS.SNS.SMS.SMSType": text("Transactional"), "AWS.SNS.SMS.SenderID": text("Latchkey") },
        "MessageStructure": null,
        "Subject": null,
    });
    assert_eq!(
        found,
        json!({ "sms_messages": { "+61491570156": [expected] }, "region": "us-east-1" })
    );
}

#[tokio::test]
async fn text_messages_are_found_and_forgotten_by_number_region_and_account() {
    let standins = start();
    for to in ["+61491570156", "+15550100", "+15550100"] {
        publish(&standins, to).await;
    }
    send_mail(&standins).await.unwrap();
    let check = async |query: &str, expected: Value| {
        let found = get(&standins, &format!("/_aws/sns/sms-messages{query}")).await;
        let counts = found["sms_messages"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(to, texts)| (to.clone(), texts.as_array().unwrap().len().into()));
        assert_eq!(Value::Object(counts.collect()), expected, "{query}");
    };
    let all = json!({ "+61491570156": 1, "+15550100": 2 });
    check("", all.clone()).await;
    check("?phoneNumber=", all.clone()).await;
    check("?region=us-east-1&accountId=000000000000", all.clone()).await;
    check("?phoneNumber=%2B15550100", json!({ "+15550100": 2 })).await;
    check("?phoneNumber=+15550100", json!({ "+15550100": 2 })).await;
    check("?phoneNumber=%2B15550199", json!({ "+15550199": 0 })).await;
    check("?accountId=111111111111", json!({})).await;
    let elsewhere = get(&standins, "/_aws/sns/sms-messages?region=eu-west-1").await;
    assert_eq!(elsewhere, json!({ "sms_messages": {}, "region": "eu-west-1" }));

    let forget = async |query: &str| {
        assert_eq!(delete(&standins, &format!("/_aws/sns/sms-messages{query}")).await, 204)
    };
    forget("?region=eu-west-1").await;
    check("", all).await;
    forget("?phoneNumber=%2B15550100").await;
    check("", json!({ "+61491570156": 1 })).await;
    forget("").await;
    check("", json!({})).await;
    assert_eq!(standins.inbox().all().len(), 1, "the mail stays");
}
