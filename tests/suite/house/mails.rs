//! The text of every mail, kept for reading and for the linter of `tests/mails`.

use crate::messages::every_mail::{every_mail, organisation};
use serde_json::{Value, json};

#[test]
fn the_mails_of_the_golden_list_are_those_of_the_code() {
    let mails: Vec<Value> = every_mail(&organisation())
        .into_iter()
        .map(|it| {
            json!({
                "language": it.language.tag(),
                "name": it.name,
                "subject": it.mail.subject,
                "text": it.mail.text.as_str(),
                "html": it.mail.html.as_str(),
            })
        })
        .collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/mails.json");
    let now = serde_json::to_string_pretty(&mails).expect("JSON") + "\n";
    if std::env::var_os("LATCHKEY_WRITE_GOLDEN").is_some() {
        std::fs::write(path, &now).expect("a writable file");
    }
    let golden = std::fs::read_to_string(path).unwrap_or_default();
    assert!(golden == now, "the mails changed: write tests/golden anew, and look at the mails");
}
