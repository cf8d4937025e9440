//! The function `sign-in`.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::sign_in::routes)
}
