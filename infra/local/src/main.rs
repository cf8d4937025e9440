//! The program `cargo latchkey`, implemented in [`local::laptop`].

use std::process::ExitCode;

use local::laptop::{self, Role};

fn main() -> ExitCode {
    match Role::of(std::env::args_os()) {
        Role::Laptop(options) => laptop::run(options),
        Role::Supervisor(command) => laptop::supervise(command),
    }
}
