//! The function `delivery-events`: marks methods whose messages SES or SNS could not
//! deliver.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_delivery_events()
}
