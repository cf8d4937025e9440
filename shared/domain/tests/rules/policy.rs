//! Every number of the policy at both ends of its range, and every refused
//! field.

use domain::error::{Violation, ViolationCode};
use domain::identity::GroupName;
use domain::kind::Kind;
use domain::policy::ranges::RANGES;
use domain::policy::saved::SavedPolicy;
use domain::policy::{Policy, Scope};
use domain::time::Span;
use serde_json::{Value, json};

/// A policy in which numbers do not depend on each other: both kinds, a
/// country, a group.
fn roomy() -> Value {
    let mut policy = serde_json::to_value(Policy::default()).unwrap();
    policy["methods"] = json!(["email", "mobilePhone"]);
    policy["smsCountries"] = json!(["TW"]);
    policy["scope"] = json!({ "type": "selected", "groups": ["staff"] });
    policy
}

/// Whether the number counts the entries of a list.
fn is_list(pointer: &str) -> bool {
    matches!(pointer, "/scope/groups" | "/methods")
}

/// The policy with this number at the pointer. A list gets this many members.
fn with(pointer: &str, number: i64) -> Value {
    let mut policy = roomy();
    let place =
        policy.pointer_mut(pointer).unwrap_or_else(|| panic!("the policy has no {pointer}"));
    *place = match pointer {
        "/scope/groups" => (0..number).map(|i| json!(format!("group {i}"))).collect(),
        "/methods" => {
            Kind::ALL.iter().take(number as usize).map(|kind| json!(kind.as_str())).collect()
        }
        _ => json!(number),
    };
    policy
}

/// The violations of a policy; `None` if it cannot be read as a policy.
fn violations(policy: Value) -> Option<Vec<Violation>> {
    serde_json::from_value::<Policy>(policy).ok().map(|policy| policy.violations())
}

#[test]
fn each_number_is_accepted_from_its_minimum_to_its_maximum_and_refused_beyond() {
    assert_eq!(violations(roomy()), Some(vec![]), "the base of the cases");
    for range in RANGES {
        let pointer = range.pointer;
        for inside in [range.min, range.default, range.max] {
            assert_eq!(
                violations(with(pointer, inside.into())),
                Some(vec![]),
                "{pointer} = {inside}"
            );
        }
        let refusal = Violation::out_of_range(pointer, range.min, range.max);
        let beyond =
            |number: i64| violations(with(pointer, number)).map(|found| found.contains(&refusal));
        let below = i64::from(range.min) - 1;
        // No number is below zero, and there is no third kind.
        let unsayable =
            |number: i64| number < 0 || pointer == "/methods" && number > Kind::ALL.len() as i64;
        for outside in [below, i64::from(range.max) + 1] {
            match (pointer, unsayable(outside)) {
                ("/methods", true) => {}
                (_, true) => assert_eq!(beyond(outside), None, "{pointer} = {outside}"),
                (_, false) => assert_eq!(beyond(outside), Some(true), "{pointer} = {outside}"),
            }
        }
        assert!(
            !range.reason.is_empty() && !range.source.is_empty(),
            "{pointer} has a reason and a source"
        );
    }
}

#[test]
fn a_number_is_whole_and_fits_32_bits() {
    for range in RANGES.iter().filter(|range| !is_list(range.pointer)) {
        for bad in [
            json!(-1),
            json!(1.5),
            json!("5"),
            json!(null),
            json!(u64::from(u32::MAX) + 1),
            json!([5]),
            json!(true),
        ] {
            let mut policy = roomy();
            *policy.pointer_mut(range.pointer).unwrap() = bad.clone();
            assert_eq!(violations(policy), None, "{} = {bad}", range.pointer);
        }
    }
}

#[test]
fn before_the_first_save_reset_is_off_and_by_mail() {
    let policy = Policy::default();
    assert_eq!(policy.violations(), vec![]);
    let words = serde_json::to_value(&policy).unwrap();
    #[rustfmt::skip]
    let defaults = [
        ("/scope", json!({ "type": "none" })), ("/methods", json!(["email"])), ("/smsCountries", json!([])),
        ("/registration/required", json!(true)), ("/confirmDestination", json!("phone")), ("/notifyAdministrators", json!(true)),
        ("/organisation/name", json!("Latchkey")), ("/organisation/helpDesk", json!(null)), ("/organisation/language", json!("en")),
    ];
    for (pointer, value) in defaults {
        assert_eq!(words.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(policy.code_lifetime(), Span::minutes(5));
    assert_eq!(policy.reset_lifetime(), Span::minutes(15));
    assert_eq!(policy.audit_kept(), Span::days(30));
}

/// Fields by pointer, with their new values.
type Changes<'a> = &'a [(&'a str, Value)];
type Found<'a> = &'a [(&'a str, ViolationCode)];

/// The violations of the roomy policy with these fields changed.
fn check(changes: Changes<'_>) -> Vec<(String, ViolationCode)> {
    let mut policy = roomy();
    for (pointer, value) in changes {
        *policy.pointer_mut(pointer).unwrap_or_else(|| panic!("the policy has no {pointer}")) =
            value.clone();
    }
    let policy: Policy =
        serde_json::from_value(policy).unwrap_or_else(|error| panic!("{changes:?}: {error}"));
    policy.violations().into_iter().map(|v| (v.pointer, v.code)).collect()
}

#[test]
fn each_text_is_checked() {
    use ViolationCode as V;
    let long = |n: usize| "字".repeat(n);
    let link = |n: usize| format!("https://{}", "a".repeat(n - 8));
    #[rustfmt::skip]
    let table: Vec<(&str, ViolationCode, Vec<String>, Vec<String>)> = vec![
        ("/organisation/name", V::NotAName,
            vec!["E".into(), long(60), "Example & Sons".into()],
            vec!["".into(), " ".into(), long(61), " Example".into(), "Example ".into(), "Exam\nple".into(), "Exam\r\nBcc: a@example.com".into(), "a\u{7f}".into()]),
        ("/organisation/shortName", V::NotAName,
            // In UTF-16 units, as in an SMS: an emoji has two.
            vec!["E".into(), "a".repeat(12), long(12), "😀".repeat(6)],
            vec!["".into(), " ".into(), "a".repeat(13), long(13), "😀".repeat(6) + "a", "😀".repeat(7), "Exam\tple".into(), " Exam".into()]),
        ("/organisation/helpDesk", V::NotAHelpDesk,
            vec!["https://help.example.com/x?y=z".into(), "mailto:help@example.com".into(), link(200),
                 "mailto:help@example.com?subject=Reset%20help&cc=it@example.com".into(), "mailto:help%2Bit@example.com,desk@example.com".into(),
                 "tel:+886223456789".into(), "tel:+886-2-2345-6789".into(), "tel:+1.(415).555.0132;ext=12".into(), "tel:+112".into(), "tel:+123456789012345".into()],
            vec!["".into(), "https://".into(), "mailto:".into(), "http://help.example.com".into(), "HTTPS://help.example.com".into(), "javascript:alert(1)".into(),
                 "data:text/html,x".into(), "//help.example.com".into(), "help@example.com".into(), " https://a".into(), "https://a b".into(),
                 "https://a\"onclick=".into(), "https://a'".into(), "https://a<b>".into(), "https://a\\b".into(), "https://a\r\nX: y".into(), "https://例".into(), link(201),
                 "mailto:?subject=x".into(), "mailto:%0d%0aBcc:eve@example.com".into(), "mailto:a%22@example.com".into(), "mailto:%ff".into(), "mailto:%E4%BE%8B@example.com".into(),
                 "tel:".into(), "tel:1".into(), "tel:0223456789".into(), "tel:+".into(), "tel:+12".into(), "tel:+1234567890123456".into(), "tel:+8862CALLNOW".into(), "tel:++886223456789".into(),
                 "tel:+886223456789;ext=".into(), "tel:+886223456789;ext=12a".into(), "tel:+886223456789;phone-context=x".into(), "TEL:+886223456789".into(), "sms:+886223456789".into()]),
        ("/organisation/accentColour", V::NotAColour,
            vec!["#1f5fbf".into(), "#ABCDEF".into()],
            vec!["".into(), "#fff".into(), "1f5fbf".into(), "#1f5fbg".into(), "#1f5fbf ".into(), "#1f5fb字".into(), "red;}".into()]),
    ];
    for (pointer, code, good, bad) in table {
        for text in good {
            assert_eq!(check(&[(pointer, json!(text))]), vec![], "{pointer} = {text:?}");
        }
        for text in bad {
            assert_eq!(
                check(&[(pointer, json!(text))]),
                vec![(pointer.to_owned(), code)],
                "{pointer} = {text:?}"
            );
        }
    }
    assert_eq!(
        check(&[("/organisation/helpDesk", json!(null))]),
        vec![],
        "a help desk may be absent"
    );
}

#[test]
fn fields_that_depend_on_each_other_are_checked_together() {
    use ViolationCode as V;
    let only_mail = ("/methods", json!(["email"]));
    #[rustfmt::skip]
    let table: [(Changes<'_>, Found<'_>); 11] = [
        (&[("/kindsRequired", json!(2))], &[]),
        (&[only_mail.clone(), ("/kindsRequired", json!(2))], &[("/kindsRequired", V::MoreKindsThanAllowed)]),
        (&[("/methods", json!(["mobilePhone"])), ("/kindsRequired", json!(2))], &[("/kindsRequired", V::MoreKindsThanAllowed)]),
        (&[only_mail, ("/smsCountries", json!([]))], &[]),
        // Saved with a warning: see the rules of a preview.
        (&[("/smsCountries", json!([]))], &[]),
        (&[("/smsCountries", json!(["TW", "AU", "US"]))], &[]),
        (&[("/smsCountries", json!(["TW", "XX"]))], &[("/smsCountries", V::NotACountry)]),
        (&[("/smsCountries", json!(["Taiwan"]))], &[("/smsCountries", V::NotACountry)]),
        (&[("/smsCountries", json!(["tw"]))], &[("/smsCountries", V::NotACountry)]),
        (&[("/smsCountries", json!([""]))], &[("/smsCountries", V::NotACountry)]),
        (&[("/code/digits", json!(9)), ("/organisation/name", json!(""))], &[("/code/digits", V::OutOfRange), ("/organisation/name", V::NotAName)]),
    ];
    for (changes, expected) in table {
        let expected: Vec<_> =
            expected.iter().map(|(pointer, code)| ((*pointer).to_owned(), *code)).collect();
        assert_eq!(check(changes), expected, "{changes:?}");
    }
}

#[test]
fn a_scope_names_one_to_fifty_groups_as_written() {
    let groups =
        |names: Vec<String>| check(&[("/scope", json!({ "type": "selected", "groups": names }))]);
    let many = |n: usize| (0..n).map(|i| format!("group {i}")).collect::<Vec<_>>();
    let pointer = "/scope/groups".to_owned();
    assert_eq!(groups(many(1)), vec![]);
    assert_eq!(groups(many(50)), vec![]);
    assert_eq!(groups(many(0)), vec![(pointer.clone(), ViolationCode::OutOfRange)]);
    assert_eq!(groups(many(51)), vec![(pointer.clone(), ViolationCode::OutOfRange)]);
    for bad in ["", " ", " staff", "staff ", "sta\nff", &"g".repeat(GroupName::MAX_CHARACTERS + 1)]
    {
        assert_eq!(
            groups(vec![bad.to_owned()]),
            vec![(pointer.clone(), ViolationCode::NotAGroup)],
            "{bad:?}"
        );
    }
    for scope in [json!({ "type": "none" }), json!({ "type": "all" })] {
        assert_eq!(check(&[("/scope", scope)]), vec![]);
    }
}

#[test]
fn a_policy_holds_every_known_field_and_no_other() {
    let reads = |policy: &Value| serde_json::from_value::<Policy>(policy.clone()).is_ok();
    let mut places = vec![
        String::new(),
        "/registration".into(),
        "/code".into(),
        "/limits".into(),
        "/password".into(),
        "/organisation".into(),
    ];
    for place in &places {
        let mut policy = roomy();
        policy.pointer_mut(place).unwrap()["colour"] = json!("blue");
        assert!(!reads(&policy), "an unknown field in {place:?}");
        for field in roomy()
            .pointer(place)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .filter(|field| *field != "helpDesk")
        {
            let mut policy = roomy();
            policy.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field);
            assert!(!reads(&policy), "{place}/{field} is missing");
        }
    }
    places.clear();
    #[rustfmt::skip]
    let scopes = [
        json!({ "type": "everybody" }), json!({}), json!("all"), json!({ "type": "selected" }), json!({ "type": "selected", "groups": "staff" }),
        json!({ "type": "selected", "groups": ["staff"], "users": [] }), json!({ "type": "all", "groups": ["staff"] }), json!({ "type": "none", "groups": [] }),
    ];
    for scope in scopes {
        let mut policy = roomy();
        policy["scope"] = scope.clone();
        assert!(!reads(&policy), "{scope}");
    }
    assert!(matches!(
        serde_json::from_value(roomy()).map(|p: Policy| p.scope),
        Ok(Scope::Selected { .. })
    ));
}

#[test]
fn a_policy_stored_by_an_older_or_newer_version_can_be_read() {
    let mut stored =
        serde_json::to_value(SavedPolicy { version: 7, ..SavedPolicy::initial() }).unwrap();
    stored["policy"]["scope"] = serde_json::json!({ "type": "selected", "groups": ["staff"] });
    stored["policy"]["code"]["digits"] = 6.into();
    let whole = SavedPolicy::from_stored(stored.clone()).unwrap();
    // An older version lacks a field; a newer one has more.
    stored["policy"].as_object_mut().unwrap().remove("auditDays");
    stored["policy"]["code"].as_object_mut().unwrap().remove("guesses");
    stored["policy"]["somethingNew"] = serde_json::json!({ "a": 1 });
    stored["policy"]["limits"]["alsoNew"] = 5.into();
    let read = SavedPolicy::from_stored(stored).unwrap();
    assert_eq!((read.version, &read.policy), (7, &whole.policy));
    assert_eq!(read.policy.code.digits, 6);
}

/// The pointers of all numbers of a policy.
fn numbers(at: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Number(_) => found.push(at.to_owned()),
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| numbers(&format!("{at}/{name}"), value, found));
        }
        Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) => {}
    }
}

#[test]
fn every_number_of_the_policy_has_a_range() {
    let policy = serde_json::to_value(Policy::default()).expect("JSON");
    let mut found = Vec::new();
    numbers("", &policy, &mut found);
    let mut listed: Vec<&str> = RANGES.iter().map(|range| range.pointer).collect();
    listed.retain(|pointer| !is_list(pointer));
    found.sort();
    listed.sort_unstable();
    assert_eq!(found, listed, "each number once");
}

#[test]
fn the_default_of_each_number_is_in_its_range_and_is_that_of_the_policy() {
    let defaults = serde_json::to_value(Policy::default()).expect("JSON");
    for range in RANGES {
        let pointer = range.pointer;
        assert!((range.min..=range.max).contains(&range.default), "{pointer}");
        assert!(range.min < range.max, "{pointer}: a number that cannot be changed is none");
        if !is_list(pointer) {
            assert_eq!(defaults.pointer(pointer), Some(&json!(range.default)), "{pointer}");
        }
    }
}
