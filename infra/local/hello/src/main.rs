//! A function that does nothing: what a cold start costs by itself, for
//! `cargo latchkey bare`. No template deploys it.

use lambda_http::{Error, Request, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_http::run(service_fn(async |_: Request| Ok::<_, Error>("hello"))).await
}
