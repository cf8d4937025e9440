//! Finds a message's language, its code, and its length in text message parts.

/// Characters of the GSM 7-bit alphabet beyond ASCII letters and digits.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";
/// Characters that take two septets in the GSM 7-bit alphabet.
const GSM_EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// Counts the parts that a text message is sent (and billed) in: 160 GSM characters
/// or 70 UCS-2 units in one part, 153 or 67 in each of several (3GPP TS 23.038).
pub fn parts(text: &str) -> usize {
    let (units, one, each) = match septets(text) {
        Some(units) => (units, 160, 153),
        None => (text.encode_utf16().count(), 70, 67),
    };
    if units <= one { 1 } else { units.div_ceil(each) }
}

fn septets(text: &str) -> Option<usize> {
    text.chars()
        .map(|c| match c {
            _ if c.is_ascii_alphanumeric() || GSM.contains(c) => Some(1),
            _ if GSM_EXTENDED.contains(c) => Some(2),
            _ => None,
        })
        .sum()
}

/// Finds the first word that consists of 6 to 8 digits.
pub(super) fn code(text: &str) -> Option<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .find(|word| (6..=8).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
}

/// Guesses the language: Latchkey writes English and Traditional Chinese.
pub(super) fn language(text: &str) -> &'static str {
    let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
    if text.chars().any(han) { "zh-TW" } else { "en" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_in_both_languages_and_nowhere_else() {
        let check = |text, found: Option<&str>| assert_eq!(code(text).as_deref(), found, "{text}");
        check("12345678 is your Latchkey code.", Some("12345678"));
        check("您的驗證碼是12345678，5 分鐘內有效。", Some("12345678"));
        check("Use 123456.\n\n@reset.example.com #654321", Some("123456"));
        check("Call +61491570156 or 12345", None);
        check("Support code AB12CD34EF", None);
    }

    #[test]
    fn parts_are_counted_as_the_network_does() {
        let check = |text: &str, count| assert_eq!(parts(text), count, "{text}");
        check(&"a".repeat(160), 1);
        check(&"a".repeat(161), 2);
        check(&"€".repeat(80), 1);
        check(&"€".repeat(81), 2);
        check(&"碼".repeat(70), 1);
        check(&"碼".repeat(71), 2);
        check(&"😀".repeat(36), 2);
        check("", 1);
    }

    #[test]
    fn languages_are_told_apart() {
        assert_eq!(language("Your code"), "en");
        assert_eq!(language("您的驗證碼"), "zh-TW");
    }
}
