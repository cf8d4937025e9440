//! The DynamoDB table: consistent reads, conditional writes, and lists.

mod change;
mod commit;
mod expression;
mod find;
mod items;
mod list;
mod read;
mod source;
pub mod table;
mod terms;
mod values;

use aws_sdk_dynamodb::Client;

/// The DynamoDB table, which implements [`domain::port::Store`] and [`domain::port::Lists`].
#[derive(Clone)]
pub struct Table {
    client: Client,
    name: String,
    terms: terms::Newest,
}

impl Table {
    /// Creates a handle to the table of this name, called through this client.
    pub fn new(client: Client, name: String) -> Table {
        Table { client, name, terms: terms::Newest::default() }
    }
}
