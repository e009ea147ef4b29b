//! Entry point: parse arguments, run the command, turn its status into an exit code.

fn main() -> std::process::ExitCode {
    hubroute::cli::run().into()
}
