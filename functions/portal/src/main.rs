//! The function `portal`: serves the web pages.

use platform::http::routes::portal::{File, Kind};

// Defines `FILES`, made from `web/dist` by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/files.rs"));

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_pages(FILES)
}
