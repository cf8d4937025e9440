//! The function `policy`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve(platform::http::policy::routes)
}
