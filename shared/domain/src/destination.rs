//! Destinations: mail addresses and phone numbers that a code can be sent to.

use crate::error::{Violation, ViolationCode};
use crate::kind::{Channel, Kind};
use crate::typed::{mail, phone};
use serde::{Deserialize, Serialize};

/// A valid mail address or phone number that a code can be sent to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Destination {
    /// A mail address. The host name is in lower case and ASCII.
    Email(String),
    /// A phone number in E.164, such as `+886912345678`.
    MobilePhone(String),
}

/// The bytes of a [`TypedName`].
pub const TYPED: usize = 12;

/// Keyed pseudonym of a destination that a caller typed for an account, as 96 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypedName(pub [u8; TYPED]);

impl Destination {
    /// Reads a mail address or phone number as it was typed. `country` is the ISO 3166 code of the
    /// country that a phone number is dialled in; without it, the number has `+` and a country
    /// code.
    ///
    /// # Errors
    /// `notAnAddress` or `mailboxNotAscii` for `/destination`, for mail; `notAPhoneNumber` or
    /// `countryCodeMissing` for `/destination`, and `notACountry` for `/country`, for SMS.
    pub fn parse(
        channel: Channel,
        text: &str,
        country: Option<&str>,
    ) -> Result<Destination, Violation> {
        let refuse = |code| Violation::new("/destination", code);
        match channel {
            Channel::Mail => mail::read(text).map(Destination::Email).map_err(refuse),
            Channel::Sms => {
                let not_a_country = || Violation::new("/country", ViolationCode::NotACountry);
                let country = country
                    .map(|code| phone::Country::of(code).ok_or_else(not_a_country))
                    .transpose()?;
                phone::read(text, country).map(Destination::MobilePhone).map_err(refuse)
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
            Destination::MobilePhone(number) => phone::country(number).map(str::to_owned),
        }
    }

    /// The destination as its owner recognises it: a phone number with spaces between its parts.
    pub fn spaced(&self) -> String {
        match self {
            Destination::Email(address) => address.clone(),
            Destination::MobilePhone(number) => phone::spaced(number),
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

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Destination::{}", self.kind().as_str())
    }
}
