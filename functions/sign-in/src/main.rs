//! The function `sign-in`: signs users in and out.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::sign_in::routes)
}
