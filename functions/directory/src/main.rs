//! The function `directory`: serves account administration to administrators and the
//! help desk. A direct invocation creates the first administrator.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_with_direct(platform::http::routes::directory::routes)
}
