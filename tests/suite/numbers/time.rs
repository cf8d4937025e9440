//! Reset lifetime, scope, kinds of method and audit retention, at both ends of their ranges.

use crate::numbers::{NUMBER, Numbers, WRONG, refusal};
use domain::time::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::world::Ask;

const ANN: &str = "ann@example.com";
const MAIL: (&str, &str) = ("email", "ann.private@example.com");
const PHONE: (&str, &str) = ("mobilePhone", NUMBER);
const MOMENT: Span = Span(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_ends_exactly_at_the_policys_lifetime() {
    let it = Numbers::new().await;
    it.person(ANN, &[MAIL]).await;
    for minutes in [5, 30] {
        it.set(&[("/resetLifetimeMinutes", minutes)]).await;
        let lifetime = Span::minutes(minutes.into());
        for (passed, open) in
            [(lifetime, false), (Span(lifetime.0 + 1), false), (Span(lifetime.0 - 1), true)]
        {
            let started = it.world.ask_reset("unknown@example.com").await.expect(201);
            assert_eq!(started.text("expiresAt"), (it.world.now() + lifetime).to_string());
            let reset = it.proved(ANN).await;
            it.world.pass(passed);
            let view = it
                .world
                .ask(Ask::new("GET", format!("/v1/resets/{}", reset.id)).bearer(&reset.bearer))
                .await;
            let sent = it.world.ask_code(&reset).await;
            let set = it.world.set_password(&reset, "vellum quartz otter juniper").await;
            let expected = if open { (200, 202, 204) } else { (410, 410, 410) };
            assert_eq!((view.status, sent.status, set.status), expected, "{minutes}: {passed:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_or_fifty_groups_set_the_scope() {
    let it = Numbers::new().await;
    let member =
        |user: &str, group: &str| json!({ "userId": user, "name": "Sam", "groups": [group] });
    let last = it.world.user(&it.admin().await, member("last@example.com", "group 50")).await;
    let none = it.world.user(&it.admin().await, member("none@example.com", "group 51")).await;
    for (groups, of_last) in
        [(1..=1, json!(null)), (50..=50, json!("register")), (1..=50, json!("register"))]
    {
        let names: Vec<String> = groups.map(|n| format!("group {n}")).collect();
        let change = |policy: &mut Value| {
            policy["scope"] = json!({ "type": "selected", "groups": names });
            policy["registration"]["required"] = json!(true);
        };
        it.world.save_policy(&it.admin().await, change).await.expect(200);
        for (person, next) in [(&last, of_last), (&none, json!(null))] {
            let signed_in = it.world.sign_in(&person.user_id, &person.password).await.expect(200);
            assert_eq!(signed_in.body["next"], next, "{} groups, {}", names.len(), person.user_id);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reset_needs_the_policys_number_of_kinds_and_staff_need_two() {
    let it = Numbers::new().await;
    it.person(ANN, &[MAIL, PHONE]).await;
    for (user, role) in [("eve@example.com", "administrator"), ("hal@example.com", "helpDesk")] {
        let body = json!({ "userId": user, "name": "Staff", "role": role });
        let person = it.world.user(&it.admin().await, body).await;
        it.register(&person, &[MAIL, PHONE]).await;
    }
    for (required, of_ann) in [(1, "password"), (2, "method")] {
        it.set(&[("/kindsRequired", required)]).await;
        for (user, after_one) in
            [(ANN, of_ann), ("eve@example.com", "method"), ("hal@example.com", "method")]
        {
            it.world.pass(Span::minutes(20));
            let reset = it.proved(user).await;
            assert_eq!(it.world.next_in(&reset).await, after_one, "{user}, {required} required");
            // Proving the same kind again does not count as another kind.
            it.world.pass(Span::seconds(30));
            let again = it.world.send_code(&reset).await;
            it.world.verify(&reset.bearer, &again, &it.code(&again)).await;
            assert_eq!(
                it.world.next_in(&reset).await,
                after_one,
                "{user}: mail twice, {required} required"
            );
            if after_one == "method" {
                let refused = it.world.set_password(&reset, "vellum quartz otter juniper").await;
                assert_eq!(refused.code(), "proofMissing", "{user}");
            }
            let sms = it.world.ask_sms(&reset, NUMBER).await.expect(202).text("challengeId");
            it.world.verify(&reset.bearer, &sms, &it.code(&sms)).await.expect(200);
            assert_eq!(it.world.next_in(&reset).await, "password", "{user}, {required} required");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn registration_needs_as_many_kinds_as_a_reset() {
    let it = Numbers::new().await;
    for (required, role, needed) in [(1, "user", 1), (2, "user", 2), (1, "helpDesk", 2)] {
        it.set(&[("/kindsRequired", required)]).await;
        let user = format!("{role}{required}@example.com");
        let body = json!({ "userId": user, "name": "Sam", "role": role });
        let person = it.world.user(&it.admin().await, body).await;
        let bearer = it.world.session(&person).await;
        let finish = async || {
            it.world.ask(Ask::new("POST", "/v1/me/registration/finish").bearer(&bearer)).await
        };
        let methods =
            it.world.ask(Ask::new("GET", "/v1/me/methods").bearer(&bearer)).await.expect(200);
        assert_eq!(methods.body["needed"], json!(needed));
        for (n, (kind, address)) in (0..needed).zip([MAIL, PHONE]) {
            assert_eq!(finish().await.code(), "methodMissing", "{n} of {needed}");
            let challenge = it.add(&bearer, kind, address).await;
            it.world.verify(&bearer, &challenge, &it.code(&challenge)).await.expect(200);
        }
        finish().await.expect(200);
    }
}

/// The audit events that the next test causes.
#[rustfmt::skip]
const EVENTS: [&str; 11] = [
    "codeAccepted", "codeAttempted", "codeRequested", "methodStarted", "methodVerified", "passwordReset", "policySaved", "resetCancelled",
    "resetStarted", "signInFailed", "signedIn",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_row_of_the_audit_trail_is_kept_for_the_policys_days() {
    let it = Numbers::new().await;
    let ann = it.person(ANN, &[MAIL]).await;
    for days in [1, 400] {
        it.set(&[("/auditDays", days)]).await;
        it.world.pass(MOMENT);
        let since = it.world.now();
        // Causes the audit events: right and wrong sign-ins, a method, a reset with
        // right and wrong guesses, its completion, a cancelled reset, and an
        // administrator's actions.
        it.world.sign_in(ANN, "not the right password").await.expect(401);
        let bearer = it.world.session(&ann).await;
        let challenge = it.add(&bearer, "email", &format!("ann.{days}@example.com")).await;
        assert_eq!(
            refusal(&it.world.verify(&bearer, &challenge, WRONG).await).0,
            "codeNotAccepted"
        );
        it.world.verify(&bearer, &challenge, &it.code(&challenge)).await.expect(200);
        let (reset, challenge) = it.under_way(ANN).await;
        assert_eq!(
            it.world.verify(&reset.bearer, &challenge, WRONG).await.code(),
            "codeNotAccepted"
        );
        it.world.verify(&reset.bearer, &challenge, &it.code(&challenge)).await.expect(200);
        it.world.set_password(&reset, &ann.password).await.expect(204);
        let other = it.world.start_reset(ANN).await;
        it.world
            .ask(Ask::new("DELETE", format!("/v1/resets/{}", other.id)).bearer(&other.bearer))
            .await
            .expect(204);
        it.set(&[("/auditDays", days)]).await;

        let rows = it.world.items().await;
        let number =
            |row: &Value, name: &str| row[name]["N"].as_str().and_then(|n| n.parse::<i64>().ok());
        let audit =
            |row: &&Value| row["pk"]["S"].as_str().is_some_and(|pk| pk.starts_with("AUDIT#"));
        let fresh: Vec<&Value> =
            rows.iter().filter(audit).filter(|row| number(row, "at") >= Some(since.0)).collect();
        let events: BTreeSet<&str> =
            fresh.iter().filter_map(|row| row["event"]["S"].as_str()).collect();
        assert_eq!(events, BTreeSet::from(EVENTS), "every event is checked");
        for row in fresh {
            let kept = Span(
                number(row, "keepUntil").expect("an end") - number(row, "at").expect("a time"),
            );
            assert_eq!(kept, Span::days(days.into()), "{row}");
            let ends = number(row, "ttl").expect("a time to live");
            assert_eq!(
                ends,
                (domain::time::Time(number(row, "at").expect("a time")) + kept).epoch_seconds(),
                "{row}"
            );
        }
    }
}
