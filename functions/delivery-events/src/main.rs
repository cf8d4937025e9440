//! The function `delivery-events`: what SES and SNS say of messages later.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve_delivery_events()
}
