//! The function `reset`: resets forgotten passwords.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::reset::routes)
}
