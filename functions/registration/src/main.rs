//! The function `registration`: a user's own methods and password.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::registration::routes)
}
