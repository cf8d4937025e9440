//! The function `reset`: resets of a forgotten password.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::reset::routes)
}
