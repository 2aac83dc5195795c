//! The binary: everything is in [`kusari::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    kusari::cli::run(std::env::args_os())
}
