//! Phone numbers: every country of the metadata, national formats, and the international form.

use domain::destination::Destination;
use domain::error::ViolationCode;
use domain::kind::Channel;
use phonenumber::metadata::DATABASE;

fn read(text: &str, country: Option<&str>) -> Result<String, (String, ViolationCode)> {
    let read = Destination::parse(Channel::Sms, text, country);
    read.map(|number| number.as_str().to_owned()).map_err(|v| (v.pointer, v.code))
}

/// The country, country code and example of a mobile number of every region.
fn examples() -> Vec<(String, u16, String)> {
    let example = |meta: &phonenumber::Metadata| {
        let mobile = meta.descriptors().mobile()?.example()?;
        Some((meta.id().to_owned(), meta.country_code(), mobile.to_owned()))
    };
    let mut found: Vec<_> = DATABASE.iter().filter_map(example).collect();
    found.sort();
    found
}

#[test]
fn the_example_of_every_region_is_taken_as_it_stands() {
    let examples = examples();
    assert!(examples.len() >= 244, "{}", examples.len());
    for (country, code, national) in examples {
        let number = format!("+{code}{national}");
        assert_eq!(read(&number, None), Ok(number.clone()), "{country}");
        assert_eq!(read(&number, Some("TW")), Ok(number.clone()), "{country}: `+` decides");
        let parsed = Destination::parse(Channel::Sms, &number, None).expect("a number");
        if country != "001" {
            // Some regions share their numbers, such as Finland and the Åland Islands.
            let read_as = parsed.country().expect("a country");
            let meta = DATABASE.by_id(&read_as).expect("a region");
            assert_eq!(meta.country_code(), code, "{number}: {read_as}");
            assert_eq!(read(&national, Some(&country)), Ok(number.clone()), "{country}: national");
        }
        let spaced = parsed.spaced();
        assert_eq!(read(&spaced, None), Ok(number.clone()), "{spaced}");
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        assert_eq!(digits(&spaced), digits(&number), "{spaced}");
        for mask in
            [to_full_width(&number), to_arabic(&number), format!("\u{202d}{number}\u{fe0d}")]
        {
            assert_eq!(read(&mask, None), Ok(number.clone()), "{mask:?}");
        }
        assert_eq!(read(&format!("{number}O"), None).ok(), None, "{country}: a letter at the end");
        assert_eq!(
            read(&format!("{number}\n1"), None).ok(),
            None,
            "{country}: a line break inside"
        );
    }
}

fn to_full_width(text: &str) -> String {
    text.chars().filter_map(|c| char::from_u32(c as u32 + 0xfee0)).collect()
}

fn to_arabic(text: &str) -> String {
    let digit = |c: char| c.to_digit(10).and_then(|n| char::from_u32('٠' as u32 + n));
    text.chars().map(|c| digit(c).unwrap_or(c)).collect()
}

#[test]
fn the_national_prefix_is_taken_off_where_the_country_has_one() {
    for (country, code, national) in examples() {
        let Some(meta) = DATABASE.by_id(&country).filter(|_| country != "001") else { continue };
        // A digit before the number, where the country writes one and no number begins with it.
        let Some(prefix) = meta.national_prefix() else { continue };
        let dialled = format!("{prefix}{national}");
        let number = format!("+{code}{national}");
        let found = read(&dialled, Some(&country));
        assert_eq!(found, Ok(number.clone()), "{country} {dialled}");
        assert_eq!(read(&format!("+{code} ({prefix}) {national}"), None), Ok(number), "{country}");
    }
}

#[test]
fn a_number_is_read_as_it_is_dialled_in_the_given_country() {
    #[rustfmt::skip]
    let table = [
        ("TW", "0912-345-678", "+886912345678"), ("TW", "0912 345 678", "+886912345678"), ("TW", "912345678", "+886912345678"), ("TW", "００886912345678", "+886912345678"), ("TW", "00886912345678", "+886912345678"),
        ("TW", "886912345678", "+886912345678"), ("TW", "886 0912 345 678", "+886912345678"), ("TW", "+81 90 1234 5678", "+819012345678"), ("TW", "002 81 90 1234 5678", "+819012345678"), ("TW", "０９１２－３４５－６７８", "+886912345678"),
        ("US", "(202) 555-0123", "+12025550123"), ("US", "1 202 555 0123", "+12025550123"), ("US", "011 886 912 345 678", "+886912345678"), ("CA", "202 555 0123", "+12025550123"),
        ("GB", "07400 123456", "+447400123456"), ("IT", "312 345 6789", "+393123456789"), ("CI", "0712345678", "+2250712345678"), ("BJ", "0197123456", "+2290197123456"),
        ("JP", "090-1234-5678", "+819012345678"), ("DE", "0151 23456789", "+4915123456789"), ("AR", "011 15-2345-6789", "+5491123456789"), ("BR", "(11) 96123-4567", "+5511961234567"), ("HU", "06 20 123 4567", "+36201234567"), ("RU", "8 912 345-67-89", "+79123456789"),
        ("AU", "0491 570 156", "+61491570156"), ("AU", "0011 886 912 345 678", "+886912345678"), ("HK", "5123 4567", "+85251234567"), ("CN", "131 2345 6789", "+8613123456789"),
    ];
    for (country, typed, number) in table {
        assert_eq!(read(typed, Some(country)).as_deref(), Ok(number), "{country} {typed}");
    }
}

#[test]
fn a_refusal_says_what_is_missing() {
    use ViolationCode::{CountryCodeMissing, NotACountry, NotAPhoneNumber};
    let here = |code| Err(("/destination".to_owned(), code));
    for typed in [
        "0912-345-678",
        "00886912345678",
        "886912345678",
        "912 345 678",
        "００８８６９１２３４５６７８",
        "1",
    ] {
        assert_eq!(read(typed, None), here(CountryCodeMissing), "{typed}");
    }
    #[rustfmt::skip]
    let refused = [
        "", "+", "++886912345678", "+886 912 345 678 #12", "+886 912 345 678 ext 12", "+886912345678x12", "+886912345678;ext=12", "+886912345678,12", "+1 415 2OO 1234", "+1-800-FLOWERS", "O912345678",
        "0912\n345678", "0912\u{0}345678", "ann@example.com", "+886 2 2345 6789", "+1 900 234 5678", "+800 1234 5678", "+999 123", "+86 10 1234 5678", "+8869123456789", "+88691234567",
    ];
    for typed in refused {
        assert_eq!(read(typed, None), here(NotAPhoneNumber), "{typed:?}");
        assert_eq!(read(typed, Some("TW")), here(NotAPhoneNumber), "{typed:?}");
    }
    for typed in ["02 2345 6789", "0912 345 67", "0912 345 678 9", "112"] {
        assert_eq!(read(typed, Some("TW")), here(NotAPhoneNumber), "{typed}");
    }
    for country in ["", "tw", "TWN", "ZZ", "001", "AQ", " TW", "台灣"] {
        let refused = Err(("/country".to_owned(), NotACountry));
        assert_eq!(read("0912 345 678", Some(country)), refused, "{country}");
    }
}

#[test]
fn a_number_is_shown_in_its_international_form() {
    #[rustfmt::skip]
    let table = [
        ("+886912345678", "+886 912 345 678"), ("+12025550123", "+1 202-555-0123"), ("+2250712345678", "+225 07 12 34 5678"), ("+61491570156", "+61 491 570 156"), ("+447400123456", "+44 7400 123456"),
        ("+819012345678", "+81 90-1234-5678"), ("+5491123456789", "+54 9 11 2345-6789"), ("+79123456789", "+7 912 345-67-89"), ("+4915123456789", "+49 1512 3456789"),
    ];
    for (number, spaced) in table {
        assert_eq!(
            Destination::parse(Channel::Sms, number, None).expect("a number").spaced(),
            spaced
        );
    }
}
