//! Entry point: parse arguments, run the command, turn its status into an exit code.

/// The fold makes and drops many small things at once; glibc's allocator took a quarter of its
/// time (docs/performance.md, N3).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hubroute::cli::run().into()
}
