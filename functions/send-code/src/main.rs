//! The function `send-code`: sends the messages of the outbox, which it reads from the
//! table's stream. No other function sends. Direct invocations re-drive and measure
//! messages that were not sent.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_stream()
}
