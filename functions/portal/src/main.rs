//! The function `portal`.

use platform::http::routes::portal::{File, Kind};

// `FILES`, from web/dist.
include!(concat!(env!("OUT_DIR"), "/files.rs"));

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_pages(FILES)
}
