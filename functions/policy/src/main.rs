//! The function `policy`.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::policy::routes)
}
