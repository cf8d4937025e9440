//! The function `registration`: a user's own methods and password.

pub mod change_password;
mod changing_methods;
pub mod finish;
mod go_on;
pub mod postpone;
pub mod reconfirm;
pub mod remove_method;
pub mod start_method;
pub mod view;
