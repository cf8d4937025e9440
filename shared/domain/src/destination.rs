//! Destinations: mail addresses and phone numbers that a code can be sent to.

use crate::kind::{Channel, Kind};
use serde::{Deserialize, Serialize};

/// A valid mail address or phone number that a code can be sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Destination {
    /// A mail address. The domain is in lower case.
    Email(String),
    /// A phone number in E.164, such as `+886912345678`.
    MobilePhone(String),
}

/// The bytes of a [`TypedName`].
pub const TYPED: usize = 12;

/// Keyed pseudonym of a destination that a caller typed for an account, as 96 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypedName(pub [u8; TYPED]);

/// The longest mail address, in bytes (RFC 5321).
const MAX_EMAIL: usize = 254;

impl Destination {
    /// Reads a mail address or a valid phone number; `None` for any other text. A mail
    /// address may have no display name, quotes or domain literal, so that it names
    /// one recipient and cannot inject a header.
    pub fn parse(channel: Channel, text: &str) -> Option<Destination> {
        let text = text.trim();
        match channel {
            Channel::Mail => {
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
            Channel::Sms => {
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

    /// The kind of method that it belongs to.
    pub const fn kind(&self) -> Kind {
        match self {
            Destination::Email(_) => Kind::Email,
            Destination::MobilePhone(_) => Kind::MobilePhone,
        }
    }

    /// The channel that delivers messages to it.
    pub const fn channel(&self) -> Channel {
        match self {
            Destination::Email(_) => Channel::Mail,
            Destination::MobilePhone(_) => Channel::Sms,
        }
    }

    /// The address or number.
    pub fn as_str(&self) -> &str {
        match self {
            Destination::Email(text) | Destination::MobilePhone(text) => text,
        }
    }

    /// The ISO 3166 code of a phone number's country; `None` for a mail address, and
    /// for a number that belongs to no country.
    pub fn country(&self) -> Option<String> {
        match self {
            Destination::Email(_) => None,
            Destination::MobilePhone(text) => {
                let country = phonenumber::parse(None, text).ok()?.country().id()?;
                Some(country.as_ref().to_owned())
            }
        }
    }

    /// The destination with most characters hidden, such as `a•••@example.com`. The
    /// owner recognises it; a stranger does not learn it.
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

/// Whether a number can be a mobile phone. In countries that do not tell mobile
/// numbers from others (+1), every ordinary number can be one. Premium, shared-cost
/// and toll-free numbers are refused, since toll fraud uses them.
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
