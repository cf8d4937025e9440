//! The function `policy`: the organisation's policy and terms.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::policy::routes)
}
