//! The function `reset`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::reset::routes)
}
