//! The function `delivery-events`: what SES and SNS say of messages later.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_delivery_events()
}
