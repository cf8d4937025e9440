//! The function `sign-in`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::routes::sign_in::routes)
}
