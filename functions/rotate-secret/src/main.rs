//! The function `rotate-secret`.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_rotation()
}
