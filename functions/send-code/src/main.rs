//! The function `send-code`: consumes the table's stream, and alone sends; by
//! direct invocation what was not sent.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_stream()
}
