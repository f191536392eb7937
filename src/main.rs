//! Start and exit code; nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    handclasp::cli::run()
}
