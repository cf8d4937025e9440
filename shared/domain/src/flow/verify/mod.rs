//! The function `verify`: users enter the codes that they got.

pub mod guess;
mod judge;
mod keep_method;
pub mod verify_code;
