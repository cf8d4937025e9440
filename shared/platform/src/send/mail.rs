//! Renders mails: the same sentences as plain text and as HTML. A mail with a code has no
//! link, and no code in its subject.

use super::topic;
use crate::texts::text;
use domain::notice::{NamedMethod, Notice};
use domain::port::{Content, Outgoing};
use zeroize::Zeroizing;

/// A mail, ready to be sent.
pub(crate) struct Mail {
    /// The subject, without a code.
    pub subject: String,
    /// The body as plain text.
    pub text: Zeroizing<String>,
    /// The body as HTML.
    pub html: Zeroizing<String>,
}

/// One block of a mail.
enum Block {
    Line(String),
    List(Vec<String>),
    Code(Zeroizing<String>),
}

/// Renders the mail of a message, in its language.
pub(crate) fn render(message: &Outgoing<'_>) -> Mail {
    let organisation = message.organisation.name.as_str();
    let say = |key: &str, values: &[(&str, &str)]| {
        let mut values = values.to_vec();
        values.push(("organisation", organisation));
        text(message.language, key, &values)
    };
    let key = format!("mail.{}", topic(&message.content));
    let blocks = match &message.content {
        Content::Code { code, minutes, .. } => vec![
            Block::Line(say(&format!("{key}.text"), &[])),
            Block::Code(Zeroizing::new(code.reveal().to_owned())),
            Block::Line(say("mail.code.life", &[("minutes", &minutes.to_string())])),
            Block::Line(say("mail.code.warning", &[])),
        ],
        Content::Notice { notice, about, methods, support_code } => {
            let values =
                [("about", about.unwrap_or_default()), ("supportCode", support_code.as_str())];
            let mut blocks = vec![Block::Line(say(&format!("{key}.text"), &values))];
            if notice.tells_methods() {
                let list: Vec<String> =
                    methods.methods.iter().map(|method| line(method, say)).collect();
                match list.is_empty() {
                    true => blocks.push(Block::Line(say("mail.notice.noMethods", &[]))),
                    false => blocks
                        .extend([Block::Line(say("mail.notice.methods", &[])), Block::List(list)]),
                }
            }
            if *notice != Notice::Attempts {
                blocks.push(Block::Line(say("mail.notice.warning", &[])));
            }
            if let Some(help_desk) = &message.organisation.help_desk {
                // Shows the address alone, without the URL scheme.
                let help_desk = help_desk.strip_prefix("mailto:").unwrap_or(help_desk);
                blocks.push(Block::Line(say("mail.notice.helpDesk", &[("helpDesk", help_desk)])));
            }
            blocks
        }
    };
    Mail {
        subject: say(&format!("{key}.subject"), &[]),
        text: as_text(&blocks, organisation),
        html: as_html(
            &blocks,
            organisation,
            message.language.tag(),
            &message.organisation.accent_colour,
        ),
    }
}

/// Renders a method as one line, with its destination masked.
fn line(method: &NamedMethod, say: impl Fn(&str, &[(&str, &str)]) -> String) -> String {
    let key = format!("mail.notice.method.{}", method.kind.as_str());
    let name = say(&key, &[("destination", &method.destination)]);
    match method.unreviewed {
        true => say("mail.notice.method.unreviewed", &[("method", &name)]),
        false => name,
    }
}

fn as_text(blocks: &[Block], organisation: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::new());
    for block in blocks {
        match block {
            Block::Line(line) => out.push_str(line),
            Block::List(lines) => {
                let lines: Vec<String> = lines.iter().map(|line| format!("- {line}")).collect();
                out.push_str(&lines.join("\n"));
            }
            Block::Code(code) => out.push_str(code),
        }
        out.push_str("\n\n");
    }
    out.push_str(organisation);
    out.push('\n');
    out
}

fn as_html(
    blocks: &[Block],
    organisation: &str,
    language: &str,
    accent: &str,
) -> Zeroizing<String> {
    let mut out = Zeroizing::new(format!(
        "<!doctype html><html lang=\"{language}\"><body style=\"margin:0;padding:24px;background:#f4f5f7;\
         font:16px/1.6 -apple-system,'Segoe UI',Roboto,'PingFang TC','Microsoft JhengHei','Noto Sans TC',sans-serif;color:#1c2430\">\
         <div style=\"max-width:480px;margin:0 auto;padding:24px 28px;background:#fff;border-radius:12px;border-top:4px solid {accent}\">"
    ));
    for block in blocks {
        match block {
            Block::Line(line) => {
                out.push_str(&format!("<p style=\"margin:0 0 16px\">{}</p>", escape(line)));
            }
            Block::List(lines) => {
                out.push_str("<ul style=\"margin:0 0 16px;padding-left:20px\">");
                for line in lines {
                    out.push_str(&format!("<li>{}</li>", escape(line)));
                }
                out.push_str("</ul>");
            }
            Block::Code(code) => {
                let digits = Zeroizing::new(format!(
                    "<p style=\"margin:0 0 16px;font-size:30px;font-weight:600;letter-spacing:4px\">{}</p>",
                    escape(code)
                ));
                out.push_str(&digits);
            }
        }
    }
    out.push_str(&format!(
        "<p style=\"margin:24px 0 0;color:#5b6675;font-size:14px\">{}</p></div></body></html>",
        escape(organisation)
    ));
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
