//! The function `policy`: serves the organisation's policy and its banned password terms.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve(platform::http::routes::policy::routes)
}
