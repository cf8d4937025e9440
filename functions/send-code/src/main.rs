//! The function `send-code`: consumes the table's stream, and alone sends.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve_stream()
}
