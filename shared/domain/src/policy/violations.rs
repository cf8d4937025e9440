//! Cleaning a policy that is to be saved, and why it cannot be saved.

use crate::error::{Violation, ViolationCode};
use crate::identity::GroupName;
use crate::policy::help_desk::shown;
use crate::policy::ranges::{RANGES, Range};
use crate::policy::{LONGEST_SHORT_NAME, Policy, Scope};
use crate::typed::{Field, clean};

impl Policy {
    /// The policy with the texts that an administrator typed in it cleaned. A text that cleaning
    /// refuses stays, for [`Policy::violations`] to refuse.
    pub fn cleaned(mut self) -> Policy {
        let cleaned = |field, text: String| clean(field, &text).unwrap_or(text);
        let organisation = &mut self.organisation;
        for name in [&mut organisation.name, &mut organisation.short_name] {
            *name = cleaned(Field::OrganisationName, std::mem::take(name));
        }
        let colour = std::mem::take(&mut organisation.accent_colour);
        organisation.accent_colour = cleaned(Field::Colour, colour);
        let link = organisation.help_desk.take();
        organisation.help_desk = link.map(|link| cleaned(Field::HelpDesk, link));
        if let Scope::Selected { groups } = &mut self.scope {
            let cleaned = |group: GroupName| GroupName::parse(group.as_str()).unwrap_or(group);
            *groups = std::mem::take(groups).into_iter().map(cleaned).collect();
        }
        self
    }

    /// Why this policy cannot be saved; empty if it can. No value is changed to fit
    /// its range.
    pub fn violations(&self) -> Vec<Violation> {
        let written = serde_json::to_value(self).expect("a policy is JSON");
        let is_out = |range: &&Range| {
            let number = written.pointer(range.pointer).and_then(number);
            number.is_some_and(|number| !(range.min.into()..=range.max.into()).contains(&number))
        };
        let mut found: Vec<Violation> = RANGES
            .iter()
            .filter(is_out)
            .map(|range| Violation::out_of_range(range.pointer, range.min, range.max))
            .collect();
        let mut refuse = |bad: bool, pointer: &str, code: ViolationCode| {
            if bad {
                found.push(Violation::new(pointer, code));
            }
        };
        let organisation = &self.organisation;
        refuse(
            self.kinds_required as usize > self.methods.len() + self.unknown_kinds.len()
                && !self.methods.is_empty(),
            "/kindsRequired",
            ViolationCode::MoreKindsThanAllowed,
        );
        refuse(
            !self.sms_countries.iter().all(|c| is_country(c)),
            "/smsCountries",
            ViolationCode::NotACountry,
        );
        refuse(!is_name(&organisation.name, 60), "/organisation/name", ViolationCode::NotAName);
        let units = organisation.short_name.encode_utf16().count();
        let fits =
            units <= LONGEST_SHORT_NAME && is_name(&organisation.short_name, LONGEST_SHORT_NAME);
        refuse(!fits, "/organisation/shortName", ViolationCode::NotAName);
        refuse(
            organisation.help_desk.as_deref().is_some_and(|link| shown(link).is_none()),
            "/organisation/helpDesk",
            ViolationCode::NotAHelpDesk,
        );
        refuse(
            !is_colour(&organisation.accent_colour),
            "/organisation/accentColour",
            ViolationCode::NotAColour,
        );
        if let Scope::Selected { groups } = &self.scope {
            let canonical = |g: &GroupName| GroupName::parse(g.as_str()).as_ref() == Some(g);
            refuse(!groups.iter().all(canonical), "/scope/groups", ViolationCode::NotAGroup);
        }
        found
    }
}

/// The number that a range limits: the value, or how many entries a list has.
fn number(value: &serde_json::Value) -> Option<u64> {
    value.as_array().map_or_else(|| value.as_u64(), |list| Some(list.len() as u64))
}

fn is_name(text: &str, longest: usize) -> bool {
    text.chars().count() <= longest
        && clean(Field::OrganisationName, text).is_some_and(|cleaned| cleaned == text)
}

fn is_colour(text: &str) -> bool {
    text.len() == 7 && text.starts_with('#') && text[1..].bytes().all(|b| b.is_ascii_hexdigit())
}

fn is_country(text: &str) -> bool {
    text.parse::<phonenumber::country::Id>().is_ok()
}
