//! How mails are handed to SES, and what they contain for mail clients.

use super::every_mail::{Rendered, every_mail, organisation};
use super::python::python;
use domain::policy::Organisation;
use serde_json::{Value, json};
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_sent_with_its_charset_and_asks_for_no_automatic_reply() {
    let world = World::new().await;
    let (admin, ann) = world.ready().await;
    let chinese = |policy: &mut Value| policy["organisation"]["language"] = json!("zh-TW");
    world.save_policy(&admin, chinese).await.expect(200);
    let reset = world.start_reset(&ann.user_id).await;
    world.proxy.take_calls();
    world.prove(&reset, "email", "ann.private@example.com").await;
    world.set_password(&reset, "a heron in the morning fog").await.expect(204);
    world.pump().await;
    let mut calls = world.proxy.take_calls();
    calls.retain(|call| call.operation == "/v2/email/outbound-emails");
    assert_eq!(calls.len(), 2, "a code and a notice");
    for call in calls {
        assert_eq!(call.body["FromEmailAddress"], "\"Latchkey\" <no-reply@example.com>");
        let mail = &call.body["Content"]["Simple"];
        let parts = [&mail["Subject"], &mail["Body"]["Text"], &mail["Body"]["Html"]];
        for part in parts {
            assert_eq!(part["Charset"], "UTF-8", "{part}");
            assert!(!part["Data"].as_str().expect("a text").is_ascii(), "{part}");
        }
        // All automatic replies but bounces (`NDR`), which a method is marked by.
        assert_eq!(
            mail["Headers"],
            json!([
                { "Name": "Auto-Submitted", "Value": "auto-generated" },
                { "Name": "X-Auto-Response-Suppress", "Value": "DR, RN, NRN, OOF, AutoReply" },
            ])
        );
    }
}

/// The lines that a reader of the HTML sees, in their order.
fn seen(html: &str) -> Vec<String> {
    let (_, body) = html.split_once("<body").expect("a body");
    let (_, body) = body.split_once('>').expect("its end");
    let mut lines = Vec::new();
    for part in body.split("</p>").flat_map(|part| part.split("</li>")) {
        // The text between the tags.
        let text: String =
            part.split('<').map(|tag| tag.split_once('>').map_or(tag, |(_, text)| text)).collect();
        let text = text
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&");
        lines.extend((!text.trim().is_empty()).then(|| text.trim().to_owned()));
    }
    lines
}

#[test]
fn both_parts_of_every_mail_tell_the_same() {
    let name = "A<b>\"x\"</b> & {code} Co. 'Ltd'";
    for Rendered { name, mail, language, .. } in
        every_mail(&Organisation { name: name.to_owned(), ..organisation() })
    {
        let text: Vec<&str> = mail.text.lines().filter(|line| !line.is_empty()).collect();
        let text: Vec<&str> =
            text.iter().map(|line| line.strip_prefix("- ").unwrap_or(line)).collect();
        assert_eq!(seen(&mail.html), text, "{name} {}", language.tag());
        assert!(text.len() >= 3, "{text:?}");
    }
}

#[test]
fn every_mail_states_its_language_title_charset_and_colours_and_makes_no_links() {
    let mails = every_mail(&organisation());
    assert!(mails.len() > 20);
    for Rendered { language, name, mail, code } in mails {
        let html = mail.html.as_str();
        let place =
            |text: &str| html.find(text).unwrap_or_else(|| panic!("{name}: no {text} in {html}"));
        assert_eq!(place("<!doctype html>\n<html "), 0);
        place(&format!("<html lang=\"{}\" dir=\"ltr\">", language.tag()));
        // A reader of the HTML looks for the charset in its first 1024 bytes.
        assert!(place("<meta charset=\"utf-8\">") < 1024);
        place(&format!("<title>{}</title>", mail.subject));
        place("<meta name=\"color-scheme\" content=\"light dark\">");
        place("<meta name=\"supported-color-schemes\" content=\"light dark\">");
        place("@media (prefers-color-scheme: dark)");
        place("content=\"telephone=no, date=no, address=no, email=no, url=no\"");
        for forbidden in ["href", "http", "src=", "<img", "\u{200c}", "\u{200b}"] {
            assert!(!html.contains(forbidden), "{name}: {forbidden}");
        }
        // A header is one line, and SES encodes it.
        assert!(!mail.subject.contains(char::is_control), "{name}");
        assert!(html.lines().all(|line| line.len() < 998), "{name}: a line is too long for SMTP");
        if let Some(code) = code {
            // The digits are one text, so that they are copied as one.
            place(&format!("<a>{code}</a>"));
            assert_eq!(html.matches(&code).count(), 1, "{name}: not in the title");
            assert_eq!(mail.text.matches(&code).count(), 1, "{name}");
            assert!(!mail.subject.contains(&code), "{name}");
        }
    }
}

#[test]
fn a_notice_shows_the_address_or_the_number_of_the_help_desk_alone() {
    #[rustfmt::skip]
    let table = [
        (Some("mailto:help@example.com?subject=Reset%20help"), Some("help@example.com")),
        (Some("mailto:help@example.com"), Some("help@example.com")),
        (Some("mailto:help%2Breset@example.com?cc=a@example.com&body=x"), Some("help+reset@example.com")),
        (Some("mailto:a@example.com,b@example.com"), Some("a@example.com,b@example.com")),
        (Some("tel:+886-2-2345-6789"), Some("+886-2-2345-6789")),
        (Some("tel:+886223456789;ext=12"), Some("+886223456789 #12")),
        (Some("https://help.example.com/?a=1&b=2"), Some("https://help.example.com/?a=1&b=2")),
        (None, None),
    ];
    for (link, shown) in table {
        let organisation = Organisation { help_desk: link.map(str::to_owned), ..organisation() };
        for it in every_mail(&organisation) {
            let lines = seen(&it.mail.html);
            let line = lines.iter().find_map(|line| {
                line.strip_prefix("Help desk: ").or_else(|| line.strip_prefix("IT 服務台："))
            });
            let expected = shown.filter(|_| it.code.is_none());
            assert_eq!(line, expected, "{link:?}: {}", it.name);
            assert!(!it.mail.text.contains("mailto:") && !it.mail.text.contains("tel:"));
        }
    }
}

/// Builds a message of each mail as RFC 5322 and MIME write it, checks that it may go over SMTP,
/// and reads it back.
const MIME: &str = r#"
import json, sys
from email import message_from_bytes, policy
from email.message import EmailMessage
def through(mail):
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = mail["subject"]
    message.set_content(mail["text"], charset="utf-8")
    message.add_alternative(mail["html"], subtype="html", charset="utf-8")
    data = message.as_bytes()
    assert data.isascii() and all(len(line) <= 998 for line in data.split(b"\r\n"))
    head = data.split(b"\r\n\r\n")[0]
    assert all(len(line) <= 78 for line in head.split(b"\r\n")), head
    read = message_from_bytes(data, policy=policy.default)
    text, html = (read.get_body([kind]).get_content() for kind in ("plain", "html"))
    return {"subject": str(read["Subject"]), "text": text.replace("\r\n", "\n"), "html": html.replace("\r\n", "\n")}
json.dump([through(mail) for mail in json.load(sys.stdin)], sys.stdout)
"#;

#[test]
fn every_mail_goes_through_mime_and_is_read_back_unchanged() {
    let organisation = Organisation {
        name: "範例科技股份有限公司 Example & Söhne".to_owned(),
        ..organisation()
    };
    let mails: Vec<Value> = every_mail(&organisation)
        .iter()
        .map(|Rendered { mail, .. }| {
            json!({ "subject": mail.subject, "text": mail.text.as_str(), "html": mail.html.as_str() })
        })
        .collect();
    assert_eq!(python(MIME, &json!(mails)), json!(mails));
}
