//! Converts values to DynamoDB attributes.

use super::table::Item;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::time::Time;
use serde::Serialize;

pub(super) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}
pub(super) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
/// Converts a time to milliseconds since the Unix epoch.
pub(super) fn ms(time: Time) -> AttributeValue {
    n(time.0)
}
/// Converts a time to seconds since the Unix epoch, as DynamoDB's time to live requires.
pub(super) fn ttl(time: Time) -> AttributeValue {
    n(time.epoch_seconds())
}
pub(super) fn set(members: impl IntoIterator<Item = String>) -> AttributeValue {
    AttributeValue::Ss(members.into_iter().collect())
}
pub(super) fn times(times: &[Time]) -> AttributeValue {
    AttributeValue::L(times.iter().map(|t| ms(*t)).collect())
}
pub(super) fn value(of: &impl Serialize) -> AttributeValue {
    serde_dynamo::to_attribute_value(of).expect("our own types are attributes")
}
pub(super) fn item(of: &impl Serialize) -> Item {
    serde_dynamo::to_item(of).expect("our own types are items")
}
