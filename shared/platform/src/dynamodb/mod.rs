//! The table: one consistent read, one conditional write, and lists.

mod change;
mod commit;
mod find;
mod items;
mod list;
mod read;
pub mod table;
mod terms;
mod values;

use aws_sdk_dynamodb::Client;

/// The table through its client: the [`domain::port::Store`].
#[derive(Clone)]
pub struct Table {
    client: Client,
    name: String,
    terms: terms::Newest,
}

impl Table {
    pub fn new(client: Client, name: String) -> Table {
        Table { client, name, terms: terms::Newest::default() }
    }
}
