//! The function `registration`: lets users manage their own methods and password.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::registration::routes)
}
