//! The function `directory`: administrators and the help desk manage accounts.

pub mod change_user;
pub mod create_user;
pub mod delete_user;
pub mod first_administrator;
pub mod issue_password;
pub mod remove_method;
pub mod require_registration;
mod target;
pub mod unlock;
pub mod view;
