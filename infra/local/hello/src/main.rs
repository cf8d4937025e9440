//! A Lambda function that does nothing. `cargo latchkey bench` times it to show the
//! cost of an empty cold start. No template deploys it.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let hello =
        async |_: LambdaEvent<Value>| Ok::<_, Error>(json!({ "statusCode": 200, "body": "hello" }));
    lambda_runtime::run(service_fn(hello)).await
}
