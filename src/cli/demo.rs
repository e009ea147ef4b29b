//! `hubroute demo`.

use super::ExitStatus;
use super::args::Demo;

pub(super) fn run(_demo: &Demo) -> ExitStatus {
    ExitStatus::Failure
}
