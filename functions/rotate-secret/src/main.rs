//! The function `rotate-secret`: rotates the secret keys when Secrets Manager invokes it.

fn main() -> Result<(), platform::serve::Error> {
    platform::serve::serve_rotation()
}
