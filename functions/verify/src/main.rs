//! The function `verify`: checks the codes of resets and registrations.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::verify::routes)
}
