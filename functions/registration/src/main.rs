//! The function `registration`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::routes::registration::routes)
}
