//! The function `directory`: its routes, and the first administrator by
//! direct invocation.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_with_direct(platform::http::routes::directory::routes)
}
