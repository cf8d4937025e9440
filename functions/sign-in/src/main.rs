//! The function `sign-in`: sign-in and sessions.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::sign_in::routes)
}
