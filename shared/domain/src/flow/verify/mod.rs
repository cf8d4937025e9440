//! The function `verify`: codes that come back.

mod keep_method;
pub mod verify_code;
