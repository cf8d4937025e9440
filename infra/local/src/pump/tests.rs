use std::cell::RefCell;

use super::*;
use crate::dynamodb::TABLE;

struct World {
    embedded: Embedded,
    pump: Pump,
    _dir: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let embedded = Embedded::start(dir.path()).unwrap();
        let pump = Pump::new(&embedded).unwrap().without_pauses();
        Self { embedded, pump, _dir: dir }
    }

    fn put(&self, pk: &str, sk: impl Display) {
        let request = json!({ "TableName": TABLE, "Item": { "pk": { "S": pk }, "sk": { "S": sk.to_string() } } });
        let request = serde_json::from_value(request).unwrap();
        self.embedded.database().put_item(request).unwrap();
    }

    fn outbox(rows: usize) -> Self {
        let world = Self::new();
        for row in 0..rows {
            world.put("OUTBOX#ann", row);
        }
        world
    }

    /// Drains into a function that fails whenever the item `poison` is in the
    /// batch. Returns the items of each invocation.
    async fn drain_with_poison(&mut self, poison: &str) -> Vec<Vec<String>> {
        let seen = RefCell::new(Vec::new());
        let invoke = async |event: Value| {
            let rows = rows(&event);
            let failed = rows.iter().any(|row| row == poison);
            seen.borrow_mut().push(rows);
            if failed { Err("boom") } else { Ok(json!(null)) }
        };
        self.pump.drain(invoke).await.unwrap();
        seen.into_inner()
    }
}

fn rows(event: &Value) -> Vec<String> {
    let records = event["Records"].as_array().unwrap();
    let row = |record: &Value| record["dynamodb"]["Keys"]["sk"]["S"].as_str().unwrap().into();
    records.iter().map(row).collect()
}

#[tokio::test]
async fn rows_come_in_order_and_in_batches() {
    let mut world = World::outbox(25);
    let batches = world.drain_with_poison("none").await;
    assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [10, 10, 5]);
    let expected: Vec<String> = (0..25).map(|row| row.to_string()).collect();
    assert_eq!(batches.concat(), expected);
}

#[tokio::test]
async fn the_event_is_that_of_lambda() {
    let mut world = World::outbox(1);
    let seen = RefCell::new(Value::Null);
    let invoke = async |event: Value| {
        seen.replace(event);
        Ok::<_, Infallible>(json!({ "batchItemFailures": [] }))
    };
    world.pump.drain(invoke).await.unwrap();
    let record = seen.into_inner()["Records"][0].take();
    assert_eq!(record["eventName"], "INSERT");
    assert_eq!(record["eventVersion"], "1.1");
    assert_eq!(record["eventSource"], "aws:dynamodb");
    assert_eq!(record["awsRegion"], "us-east-1");
    let arn = record["eventSourceARN"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:dynamodb:us-east-1:000000000000:table/latchkey/stream/"),
        "{arn}"
    );
    let change = &record["dynamodb"];
    assert_eq!(change["Keys"], json!({ "pk": { "S": "OUTBOX#ann" }, "sk": { "S": "0" } }));
    assert_eq!(change["StreamViewType"], "KEYS_ONLY");
    assert!(change["ApproximateCreationDateTime"].is_u64());
    assert_eq!(change["SequenceNumber"].as_str().unwrap().len(), 21);
    assert!(change.get("NewImage").is_none());
}

#[tokio::test]
async fn only_new_outbox_rows_wake_the_function() {
    let mut world = World::new();
    world.put("ACCT#ann", "-");
    world.put("OUTBOX#ann", "first");
    world.put("OUTBOX#ann", "first"); // the same value: no stream record
    world.put("AUDIT#ann", "1");
    assert_eq!(world.drain_with_poison("none").await, [["first"]]);
}

#[tokio::test]
async fn what_is_handled_is_gone_from_the_stream() {
    let mut world = World::outbox(3);
    world.put("ACCT#ann", "-");
    assert_eq!(world.drain_with_poison("none").await.concat().len(), 3);
    assert!(world.pump.stream.oldest().unwrap().is_empty());

    let mut restarted = Pump::new(&world.embedded).unwrap();
    let again = async |_| -> Result<Value, Infallible> { panic!("delivered twice") };
    assert_eq!(restarted.drain(again).await.unwrap(), 0);
}

#[tokio::test]
async fn a_reported_failure_repeats_from_there_on() {
    let mut world = World::outbox(4);
    let seen = RefCell::new(Vec::new());
    let invoke = async |event: Value| {
        let first_time = seen.borrow().is_empty();
        seen.borrow_mut().push(rows(&event));
        let id = |row: usize| {
            let number = &event["Records"][row]["dynamodb"]["SequenceNumber"];
            json!({ "itemIdentifier": number })
        };
        let failures = if first_time { vec![id(3), id(2)] } else { vec![] };
        Ok::<_, Infallible>(json!({ "batchItemFailures": failures }))
    };
    assert_eq!(world.pump.drain(invoke).await.unwrap(), 4);
    assert_eq!(seen.into_inner(), [vec!["0", "1", "2", "3"], vec!["2", "3"]]);
    assert!(world.pump.dead_letters().is_empty());
}

#[tokio::test]
async fn a_poison_record_ends_alone_and_the_others_arrive() {
    let mut world = World::outbox(7);
    let batches = world.drain_with_poison("4").await;
    let arrived: Vec<_> =
        batches.iter().filter(|batch| !batch.contains(&"4".to_owned())).flatten().collect();
    assert_eq!(arrived, ["0", "1", "2", "3", "5", "6"]);
    let alone = batches.iter().filter(|batch| *batch == &["4"]).count();
    assert_eq!(alone, TRIES as usize);

    let [letter] = world.pump.dead_letters() else {
        panic!("{:?}", world.pump.dead_letters());
    };
    assert_eq!(letter.reason, "boom");
    let kept = std::fs::read_to_string(&world.pump.dead_letter_file).unwrap();
    assert_eq!(kept.lines().count(), 1);
    assert!(world.pump.stream.oldest().unwrap().is_empty());
}

#[tokio::test]
async fn a_record_reported_for_ever_is_set_aside_and_the_rest_goes_on() {
    let mut world = World::outbox(3);
    let invoke = async |event: Value| {
        let records = event["Records"].as_array().unwrap();
        let failures: Vec<_> = records
            .iter()
            .filter(|record| record["dynamodb"]["Keys"]["sk"]["S"] == "1")
            .map(|record| json!({ "itemIdentifier": record["dynamodb"]["SequenceNumber"] }))
            .collect();
        Ok::<_, Infallible>(json!({ "batchItemFailures": failures }))
    };
    world.pump.drain(invoke).await.unwrap();
    assert_eq!(world.pump.dead_letters().len(), 1);
    assert!(world.pump.stream.oldest().unwrap().is_empty());
}

#[tokio::test]
async fn a_moment_of_failure_costs_nothing() {
    let mut world = World::outbox(2);
    let calls = RefCell::new(0);
    let invoke = async |_| {
        *calls.borrow_mut() += 1;
        if *calls.borrow() < TRIES { Err("not yet") } else { Ok(json!({})) }
    };
    world.pump.drain(invoke).await.unwrap();
    assert_eq!(calls.into_inner(), TRIES);
    assert!(world.pump.dead_letters().is_empty());
}
