//! The function `send-code`: sends the messages of the outbox, which it reads from the
//! table's stream. No other function sends messages. Direct invocations send unsent
//! messages again (`redrive`) and report how many wait (`measure`).

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_stream()
}
