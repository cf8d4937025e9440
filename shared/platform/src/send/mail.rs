//! Renders mails: the same sentences as plain text and as HTML. No mail has a link, and no
//! subject has a code.

mod html;

use super::topic;
use crate::texts::text;
use domain::notice::{NamedMethod, Notice};
use domain::port::{Content, Outgoing};
use zeroize::Zeroizing;

/// A mail, ready to be sent.
pub struct Mail {
    /// The subject, without a code. It is one line.
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
pub fn render(message: &Outgoing<'_>) -> Mail {
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
            if let Some(help_desk) = message.organisation.help_desk_shown() {
                blocks.push(Block::Line(say("mail.notice.helpDesk", &[("helpDesk", &help_desk)])));
            }
            blocks
        }
    };
    let subject = say(&format!("{key}.subject"), &[]);
    let frame = html::Frame {
        language: message.language.tag(),
        title: &subject,
        accent: &message.organisation.accent_colour,
        organisation,
    };
    Mail { text: as_text(&blocks, organisation), html: frame.around(&blocks), subject }
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
