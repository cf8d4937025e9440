//! The function `verify`.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::verify::routes)
}
