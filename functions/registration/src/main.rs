//! The function `registration`.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::registration::routes)
}
