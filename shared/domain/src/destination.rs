//! Addresses that a code can be sent to.

use crate::kind::{Channel, Kind};
use serde::{Deserialize, Serialize};

/// An address a code can be sent to, parsed once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Destination {
    Email(String),
    MobilePhone(String),
}

/// The longest address RFC 5321 lets travel.
const MAX_EMAIL: usize = 254;

impl Destination {
    /// Reads an address of a kind: a mail address without display name,
    /// quotes or domain literal (one recipient, no header to inject), or a
    /// valid number in E.164. `None` for anything else.
    pub fn parse(kind: Kind, text: &str) -> Option<Destination> {
        let text = text.trim();
        match kind {
            Kind::Email => {
                let options = email_address::Options::default()
                    .with_required_tld()
                    .without_display_text()
                    .without_domain_literal();
                let address =
                    email_address::EmailAddress::parse_with_options(text, options).ok()?;
                let plain =
                    text.len() <= MAX_EMAIL && text.is_ascii() && !text.contains(['"', '\\', ',']);
                let (local, domain) = (address.local_part(), address.domain());
                plain
                    .then(|| Destination::Email(format!("{local}@{}", domain.to_ascii_lowercase())))
            }
            Kind::MobilePhone => {
                let number = phonenumber::parse(None, text).ok()?;
                let valid = phonenumber::is_valid(&number)
                    && number.extension().is_none()
                    && takes_sms(&number);
                valid.then(|| {
                    Destination::MobilePhone(
                        number.format().mode(phonenumber::Mode::E164).to_string(),
                    )
                })
            }
        }
    }

    pub const fn kind(&self) -> Kind {
        match self {
            Destination::Email(_) => Kind::Email,
            Destination::MobilePhone(_) => Kind::MobilePhone,
        }
    }

    /// What a message to it is delivered by.
    pub const fn channel(&self) -> Channel {
        match self {
            Destination::Email(_) => Channel::Mail,
            Destination::MobilePhone(_) => Channel::Sms,
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Destination::Email(text) | Destination::MobilePhone(text) => text,
        }
    }

    /// The ISO 3166 country of a phone number; `None` for a mail address, and
    /// for a number that is no country's.
    pub fn country(&self) -> Option<String> {
        match self {
            Destination::Email(_) => None,
            Destination::MobilePhone(text) => {
                let country = phonenumber::parse(None, text).ok()?.country().id()?;
                Some(country.as_ref().to_owned())
            }
        }
    }

    /// Enough to recognise one's own address, too little to learn it.
    pub fn masked(&self) -> String {
        match self {
            Destination::Email(text) => {
                let (local, domain) = text.split_once('@').unwrap_or((text, ""));
                let first = local.chars().next().unwrap_or('*');
                format!("{first}•••@{domain}")
            }
            Destination::MobilePhone(text) => {
                format!("•••{}", &text[text.len().saturating_sub(2)..])
            }
        }
    }
}

/// Whether a number can be somebody's mobile phone. Where a country does not
/// tell mobile numbers from others (+1), all of its ordinary ones may be.
/// Premium, shared-cost and toll-free numbers are what toll fraud asks for.
fn takes_sms(number: &phonenumber::PhoneNumber) -> bool {
    matches!(
        number.number_type(&phonenumber::metadata::DATABASE),
        phonenumber::Type::Mobile | phonenumber::Type::FixedLineOrMobile
    )
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Destination::{}", self.kind().as_str())
    }
}
