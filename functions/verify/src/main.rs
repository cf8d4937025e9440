//! The function `verify`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::routes::verify::routes)
}
