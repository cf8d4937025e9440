//! The function `verify`: users enter the codes that they got.

mod keep_method;
pub mod verify_code;
