//! Every mail that Latchkey can send, in each language.

use domain::audit::SupportCode;
use domain::challenge::{ChallengeId, LedgerId, Purpose};
use domain::code::Code;
use domain::destination::Destination;
use domain::key::Keys;
use domain::kind::Kind;
use domain::language::Language;
use domain::notice::{MethodsNow, NamedMethod, Notice};
use domain::policy::{Organisation, Policy};
use domain::port::{Content, Outgoing};
use platform::send::mail::{Mail, render};
use tests::world::BEGIN;

/// A mail with its language and a name, such as `notice passwordReset`.
pub struct Rendered {
    pub language: Language,
    pub name: String,
    pub mail: Mail,
    /// The code in it.
    pub code: Option<String>,
}

/// A code that is the same in each run.
fn code() -> Code {
    let key = "A".repeat(43);
    let secret = format!(r#"{{"ids":"{key}","generations":[{{"kid":1,"key":"{key}"}}]}}"#);
    let challenge = ChallengeId {
        kid: 1,
        kind: Kind::Email,
        digits: 8,
        expires: BEGIN,
        ledger: LedgerId::Registration,
        slot: 0,
        typed: None,
        random: [7; 16],
    };
    Code::derive(&Keys::parse(&secret).expect("keys").current().codes, &challenge)
}

/// The methods that a notice names: one of each kind, one of them unreviewed.
fn methods() -> MethodsNow {
    let named = |kind, destination: &str, unreviewed| NamedMethod {
        kind,
        destination: destination.to_owned(),
        unreviewed,
    };
    MethodsNow {
        methods: vec![
            named(Kind::Email, "a•••@example.com", false),
            named(Kind::MobilePhone, "•••56", true),
        ],
        usable: 1,
    }
}

/// Renders all mails of an organisation.
pub fn every_mail(organisation: &Organisation) -> Vec<Rendered> {
    let (code, support_code) = (code(), SupportCode::of("a request"));
    let (some, none) = (methods(), MethodsNow::default());
    let mut mails = Vec::new();
    for language in Language::ALL.iter().copied() {
        let mut push = |name: String, code: Option<&Code>, content: Content<'_>| {
            let to = &Destination::Email("ann.private@example.com".to_owned());
            let mail = render(&Outgoing { to, language, organisation, content });
            let code = code.map(|code| code.reveal().to_owned());
            mails.push(Rendered { language, name, mail, code });
        };
        for purpose in Purpose::ALL.iter().copied() {
            let content = Content::Code { code: &code, purpose, minutes: 5 };
            push(format!("code {}", purpose.as_str()), Some(&code), content);
        }
        for notice in Notice::ALL.iter().copied() {
            let about = match notice {
                Notice::AdministratorReset | Notice::AdministratorRecovered => Some("Ada Admin"),
                Notice::PasswordReset
                | Notice::PasswordChanged
                | Notice::MethodAdded
                | Notice::MethodChanged
                | Notice::MethodRemoved
                | Notice::PasswordIssued
                | Notice::Attempts => None,
            };
            let with =
                |methods| Content::Notice { notice, about, methods, support_code: &support_code };
            push(format!("notice {notice:?}"), None, with(&some));
            if notice.tells_methods() {
                push(format!("notice {notice:?}, no methods"), None, with(&none));
            }
        }
    }
    mails
}

/// An organisation with a help desk.
pub fn organisation() -> Organisation {
    Organisation {
        name: "Contoso".to_owned(),
        help_desk: Some("mailto:help@example.com?subject=Reset%20help".to_owned()),
        ..Policy::default().organisation
    }
}
