//! Accounts, and those who look after them.

mod administrators;
mod directory;
pub mod helpdesk;
mod issued;
mod search;
pub mod users;
