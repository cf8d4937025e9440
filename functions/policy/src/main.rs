//! The function `policy`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::routes::policy::routes)
}
