//! The function `rotate-secret`: rotates the keys, for Secrets Manager.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_rotation()
}
