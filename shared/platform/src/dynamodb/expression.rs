//! Builds one member of a transaction from an update, a condition and their values.

use super::table::{Item, Key};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use std::collections::HashMap;

/// A write under construction. In its expressions `#name` stands for the
/// attribute `name`, so that DynamoDB's reserved words do no harm, and `:name`
/// for the value added under `name`.
pub(super) struct Expression {
    key: Key,
    update: Option<String>,
    condition: Option<String>,
    values: HashMap<String, AttributeValue>,
}

/// What a member of a transaction does with its item.
pub(super) enum Verb {
    Put(Item),
    Update,
    Delete,
    Check,
}

impl Expression {
    pub(super) fn of(key: Key) -> Expression {
        Expression { key, update: None, condition: None, values: HashMap::new() }
    }
    pub(super) fn set(mut self, update: impl Into<String>) -> Expression {
        self.update = Some(update.into());
        self
    }
    pub(super) fn when(mut self, condition: impl Into<String>) -> Expression {
        self.condition = Some(condition.into());
        self
    }
    pub(super) fn value(mut self, name: &str, value: AttributeValue) -> Expression {
        self.values.insert(format!(":{name}"), value);
        self
    }

    pub(super) fn write(self, table: &str, verb: Verb) -> TransactWriteItem {
        let text = [self.update.as_deref(), self.condition.as_deref()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ");
        let names = names(&text);
        let names = (!names.is_empty()).then_some(names);
        let values = (!self.values.is_empty()).then_some(self.values);
        let member = TransactWriteItem::builder();
        let built = "every field is set above";
        // A refused guess reads from the old ledger whether it is closed.
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        match verb {
            Verb::Put(item) => {
                let mut item = item;
                item.extend(self.key.item());
                let put = Put::builder()
                    .table_name(table)
                    .set_item(Some(item))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                member.put(put.build().expect(built)).build()
            }
            Verb::Update => {
                let update = Update::builder()
                    .table_name(table)
                    .set_key(Some(self.key.item()))
                    .set_update_expression(self.update)
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .return_values_on_condition_check_failure(old);
                member.update(update.build().expect(built)).build()
            }
            Verb::Delete => {
                let delete = Delete::builder()
                    .table_name(table)
                    .set_key(Some(self.key.item()))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                member.delete(delete.build().expect(built)).build()
            }
            Verb::Check => {
                let check = ConditionCheck::builder()
                    .table_name(table)
                    .set_key(Some(self.key.item()))
                    .set_condition_expression(self.condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values);
                member.condition_check(check.build().expect(built)).build()
            }
        }
    }
}

/// The attribute names that the `#name`s of an expression stand for.
fn names(expression: &str) -> HashMap<String, String> {
    let word =
        |rest: &str| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    expression.split('#').skip(1).map(word).map(|name| (format!("#{name}"), name)).collect()
}
