//! Accounts, and the administrators and help desk that manage them.

mod administrators;
mod directory;
mod groups;
pub mod helpdesk;
mod methods;
mod pages;
mod recover;
pub mod search;
mod temporary_passwords;
pub mod users;
