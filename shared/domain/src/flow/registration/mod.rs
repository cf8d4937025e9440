//! The function `registration`: users manage their own methods and password.

pub mod change_password;
mod changing_methods;
mod continue_session;
pub mod finish;
pub mod postpone;
pub mod reconfirm;
pub mod remove_method;
pub mod start_method;
pub mod view;
