//! The function `rotate-secret`.

fn main() -> Result<(), platform::host::Error> {
    platform::host::serve_rotation()
}
