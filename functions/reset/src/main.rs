//! The function `reset`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::routes::reset::routes)
}
