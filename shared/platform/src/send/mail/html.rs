//! The HTML of mails. It is laid out by tables, since Outlook for Windows takes padding and a
//! width of nothing else. Colours and sizes are in `style` attributes, since some clients drop
//! style sheets. The dark colours are in one, because no attribute can state them.
//! `tests/mails/lint` checks what clients support.

use super::Block;
use zeroize::Zeroizing;

/// What surrounds the blocks of a mail.
pub(super) struct Frame<'a> {
    /// The tag of the language.
    pub language: &'a str,
    /// The subject.
    pub title: &'a str,
    /// The accent colour, as `#rrggbb`.
    pub accent: &'a str,
    /// The name of the organisation.
    pub organisation: &'a str,
}

/// The head. Clients must make no links of the digits of a code, as of a phone number, a date or
/// an address: `format-detection` forbids it to Apple's, and the style of `a` hides it elsewhere.
/// `color-scheme` says that the mail has dark colours of its own, so that no client inverts it;
/// `supported-color-schemes` is its name in older versions of Apple Mail.
const HEAD: &str = r#"<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: inherit !important; text-decoration: none !important; }
.card { word-break: break-word; }
@media (prefers-color-scheme: dark) {
  .page { background-color: #12161c !important; }
  .card { background-color: #1e242d !important; color: #e8ebf0 !important; }
  .quiet { color: #a9b3c1 !important; }
}
</style>"#;

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'PingFang TC','Microsoft JhengHei',\
                    'Noto Sans TC',sans-serif;font-size:16px;line-height:1.6";
/// Leaves no border and no space between the cells of a table.
const PLAIN: &str = "border-collapse:collapse;width:100%";

impl Frame<'_> {
    /// Renders a whole document with these blocks.
    pub(super) fn around(&self, blocks: &[Block]) -> Zeroizing<String> {
        let Frame { language, title, accent, organisation } = self;
        let mut out = Zeroizing::new(format!(
            r#"<!doctype html>
<html lang="{language}" dir="ltr">
<head>
{HEAD}
<title>{}</title>
</head>
<body class="page" style="margin:0;padding:0;background-color:#f4f5f7">
<table role="presentation" class="page" style="{PLAIN};background-color:#f4f5f7">
<tr><td style="padding:24px 12px">
<div style="max-width:480px;margin:0 auto">
<table role="presentation" style="{PLAIN};max-width:480px">
<tr><td class="card" style="padding:24px;background-color:#ffffff;color:#1c2430;border-top:4px solid {accent};{FONT}">
"#,
            escape(title),
        ));
        for block in blocks {
            push(&mut out, block);
        }
        out.push_str(&format!(
            r#"<p class="quiet" style="margin:24px 0 0;color:#5b6675;font-size:14px">{}</p>
</td></tr>
</table>
</div>
</td></tr>
</table>
</body>
</html>
"#,
            escape(organisation)
        ));
        out
    }
}

fn push(out: &mut Zeroizing<String>, block: &Block) {
    match block {
        Block::Line(line) => {
            out.push_str(&format!("<p style=\"margin:0 0 16px\">{}</p>\n", escape(line)));
        }
        Block::List(lines) => {
            out.push_str("<ul style=\"margin:0 0 16px;padding:0 0 0 20px\">\n");
            for line in lines {
                out.push_str(&format!("<li>{}</li>\n", escape(line)));
            }
            out.push_str("</ul>\n");
        }
        Block::Code(code) => {
            // An `a` that leads nowhere: a client that makes links of digits leaves the text of
            // an `a` as it is. The digits are one text, so that they are copied as one.
            out.push_str(&Zeroizing::new(format!(
                "<p style=\"margin:0 0 16px;font-size:30px;line-height:1.3;font-weight:600;letter-spacing:4px\"><a>{}</a></p>\n",
                escape(code)
            )));
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#39;")
}
