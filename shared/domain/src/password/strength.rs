//! Refuses a password that is easy to guess, also with what an attacker knows about the account.

use super::estimate::{Estimate, estimate};
use super::part::Kind;
use super::terms::Terms;
use super::text::Text;
use crate::account::Account;
use crate::error::ViolationCode;
use crate::policy::Policy;

/// The facts that a new password is judged by.
pub struct PasswordContext<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The account that the password is for.
    pub account: &'a Account,
    /// The organisation's banned terms.
    pub terms: &'a Terms,
}

/// The guesses that a password must withstand, if the attacker knows the account and tries the
/// likeliest first. Sign-in allows far fewer, and for a stolen hash each guess costs an Argon2id.
/// Range: with 10^6 `Liverpool-Chelsea-2026` passes; with 10^10 one of 1,500 passphrases of four
/// diceware words is refused, today one of 10,000.
pub const LEAST_GUESSES: f64 = 1e8;

/// The shortest part of a user ID or a name that is searched for, in characters. Entra searches
/// from four characters, but many first names have three.
const SHORTEST_PART: usize = 3;

/// The name of the product, which attackers try first (ASVS 6.1.2).
const PRODUCT: &str = "latchkey";

/// The reason why a password is too easy to guess; `None` if it is accepted.
pub(super) fn refusal(text: &str, context: &PasswordContext<'_>) -> Option<ViolationCode> {
    let personal: Vec<Text> = known_words(context).iter().map(|word| Text::new(word)).collect();
    let terms: Vec<Text> = context.terms.written().map(Text::new).collect();
    let found = estimate(text, &personal, &terms);
    (found.bits < LEAST_GUESSES.log2()).then(|| reason(&found))
}

/// The words that an attacker knows about the account (ASVS 6.2.11, NIST 800-63B-4
/// 3.1.1.2): user ID, name, organisation and their parts, in lower case, each once.
fn known_words(context: &PasswordContext<'_>) -> Vec<String> {
    let organisation = &context.policy.organisation;
    let wholes = [
        context.account.user_id.as_str(),
        &context.account.name,
        &organisation.name,
        &organisation.short_name,
        PRODUCT,
    ];
    let parts = wholes.into_iter().flat_map(|whole| whole.split(|c: char| !c.is_alphanumeric()));
    let parts = parts.filter(|part| part.chars().count() >= SHORTEST_PART);
    let mut known = Vec::new();
    for word in wholes.into_iter().chain(parts).map(str::to_lowercase) {
        if !known.contains(&word) {
            known.push(word);
        }
    }
    known
}

/// The most specific reason why a password is easy to guess: a word that is known about the
/// account, a banned term, or else what most of its characters are part of.
fn reason(found: &Estimate) -> ViolationCode {
    let has = |kind| found.parts.iter().any(|(of, _)| *of == kind);
    if has(Kind::Personal) {
        return ViolationCode::PasswordPersonal;
    }
    if has(Kind::Term) {
        return ViolationCode::PasswordTerm;
    }
    let characters = |kinds: &[Kind]| -> usize {
        found.parts.iter().filter(|(of, _)| kinds.contains(of)).map(|(_, length)| length).sum()
    };
    // Of equal ones the last.
    let reasons = [
        (characters(&[Kind::Sequence, Kind::Calendar]), ViolationCode::PasswordSequence),
        (characters(&[Kind::Word, Kind::Common]), ViolationCode::PasswordCommon),
        (characters(&[Kind::Repeat]), ViolationCode::PasswordRepeats),
        (characters(&[Kind::Other]), ViolationCode::PasswordGuessable),
    ];
    let most = reasons.into_iter().max_by_key(|(characters, _)| *characters);
    most.map_or(ViolationCode::PasswordGuessable, |(_, code)| code)
}
