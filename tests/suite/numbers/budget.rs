//! Daily SMS budgets of the organisation and of a country, at both ends of their ranges.

use crate::numbers::{NUMBER, Numbers, refusal};
use domain::time::Span;
use serde_json::json;
use tests::people::StartedReset;

const ANN: &str = "ann@example.com";
const MOMENT: Span = Span(1);
/// The counters of an SMS to an Australian number.
const SMS: [&str; 2] = ["total", "AU"];

async fn world() -> Numbers {
    let it = Numbers::new().await;
    it.person(ANN, &[("email", "ann.private@example.com"), ("mobilePhone", NUMBER)]).await;
    it.world.pump().await;
    it.set(&[("/limits/smsPerHour", 20)]).await;
    it
}

impl Numbers {
    /// Stores the counts of this day.
    async fn spend(&self, counts: &[(&str, u32)]) {
        let day = format!("BUDGET#{}", self.world.now().day());
        let mut item = json!({ "pk": { "S": day }, "sk": { "S": "-" } });
        for (name, count) in counts {
            item[*name] = json!({ "N": count.to_string() });
        }
        self.world.table("PutItem", json!({ "Item": item })).await;
    }

    /// Returns the counts of this day with these names; 0 for one that was never
    /// charged.
    async fn spent<const N: usize>(&self, names: [&str; N]) -> [u32; N] {
        let day = format!("BUDGET#{}", self.world.now().day());
        let items = self.world.items().await;
        let item = items.iter().find(|item| item["pk"]["S"] == day.as_str());
        let number = |name: &str| item.and_then(|item| item[name]["N"].as_str());
        names.map(|name| number(name).map_or(0, |count| count.parse().expect("a number")))
    }

    /// Requests a code by SMS in a new reset. Returns the reason if it was dropped.
    async fn sms(&self) -> Option<String> {
        let reset = self.world.start_reset(ANN).await;
        self.world.ask_sms(&reset, NUMBER).await.expect(202);
        self.dropped(&reset).await
    }

    async fn next_day(&self) {
        self.world.pass(self.world.now().next_day() - self.world.now());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_days_sms_are_spent_exactly_and_then_refused_to_all() {
    let it = world().await;
    // SMS are refused to known and unknown users alike, until the UTC day ends.
    let none = async |left: &str| {
        for user in [ANN, "unknown@example.com"] {
            let started = it.world.ask_reset(user).await.expect(201);
            assert_eq!(started.body["unavailable"], json!(["mobilePhone"]), "{user}");
            let reset = StartedReset {
                id: started.text("resetId"),
                bearer: started.text("bearer"),
                support_code: String::new(),
            };
            assert_eq!(
                refusal(&it.world.ask_sms(&reset, NUMBER).await),
                ("smsUnavailable", Some(left)),
                "{user}"
            );
        }
    };
    for most in [1, 1_000_000] {
        it.next_day().await;
        it.set(&[("/limits/smsPerDay", most), ("/limits/smsPerCountryAndDay", 1_000_000)]).await;
        it.spend(&[("total", most - 1)]).await;
        assert_eq!(
            it.world.ask_reset(ANN).await.expect(201).body["unavailable"],
            json!([]),
            "{most}: one is left"
        );
        assert_eq!(it.sms().await, None, "{most}");
        assert_eq!(it.spent(SMS).await, [most, 1]);
        none("86400").await;
        it.world.pass(it.world.now().next_day() - MOMENT - it.world.now());
        none("1").await;
        it.world.pass(MOMENT);
        assert_eq!(it.sms().await, None, "{most}: the next day");
        assert_eq!(it.spent(SMS).await, [1, 1]);
    }
    // A budget of zero applies as soon as it is saved.
    it.next_day().await;
    it.set(&[("/limits/smsPerDay", 0)]).await;
    none("86400").await;
    assert_eq!(it.spent(SMS).await, [0, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_countrys_sms_are_spent_exactly_and_then_dropped_silently() {
    let it = world().await;
    let dropped = Some("countryBudget".to_owned());
    for most in [1, 1_000_000] {
        it.next_day().await;
        it.set(&[("/limits/smsPerDay", 1_000_000), ("/limits/smsPerCountryAndDay", most)]).await;
        it.spend(&[("total", 7), ("AU", most - 1)]).await;
        assert_eq!(it.sms().await, None, "{most}: the last");
        assert_eq!(it.sms().await, dropped, "{most}: one too many");
        assert_eq!(it.spent(SMS).await, [8, most], "a dropped message costs nothing");
        assert_eq!(it.world.ask_reset(ANN).await.expect(201).body["unavailable"], json!([]));
        it.world.pass(it.world.now().next_day() - MOMENT - it.world.now());
        assert_eq!(it.sms().await, dropped, "{most}: until the last moment of the day");
        it.world.pass(MOMENT);
        assert_eq!(it.sms().await, None, "{most}: the next day");
    }
    it.set(&[("/limits/smsPerCountryAndDay", 0)]).await;
    assert_eq!(it.sms().await, dropped, "a budget of zero");
    assert_eq!(it.spent(SMS).await, [1, 1]);
}
