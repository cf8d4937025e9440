//! The function `directory`: its routes, and the first administrator by
//! direct invocation.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve_with_direct(platform::http::routes::directory::routes)
}
