//! The fields of an account as an administrator writes them.

use crate::account::{GroupName, MAX_GROUPS, MAX_NAME};
use crate::error::{Violation, ViolationCode};
use crate::line::reads_as_written;
use std::collections::BTreeSet;

pub(super) fn name(text: &str) -> Result<String, Violation> {
    let name = text.trim();
    let fits = (1..=MAX_NAME).contains(&name.chars().count()) && reads_as_written(name);
    fits.then(|| name.to_owned()).ok_or_else(|| Violation::new("/name", ViolationCode::NotAName))
}

pub(super) fn groups(list: &[String]) -> Result<BTreeSet<GroupName>, Violation> {
    if list.len() > MAX_GROUPS {
        return Err(Violation::out_of_range("/groups", 0, MAX_GROUPS as u32));
    }
    let parse = |(i, text): (usize, &String)| {
        GroupName::parse(text)
            .ok_or_else(|| Violation::new(&format!("/groups/{i}"), ViolationCode::NotAGroup))
    };
    list.iter().enumerate().map(parse).collect()
}
