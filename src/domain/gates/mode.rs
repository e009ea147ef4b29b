//! `mode`: a rule that only watches answers here, before quiet period, sender, limits and window,
//! naming the sender it would take now. It uses nobody's budget.

use super::{Case, Halt, Notes, Passed, Stop, sender};
use crate::domain::id::SenderName;
use crate::domain::reason::Reason;
use crate::domain::rule::{Gate, Mode, Unbuilt};
use crate::domain::sentence;

/// Stops a rule that is not live.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    match case.mode {
        Mode::Live => {
            notes.passed("mode", "live");
            Ok(())
        }
        Mode::Approval => Err(Halt::Unbuilt(Unbuilt {
            key: "mode = \"approval\"".to_owned(),
            gate: Gate::Mode,
            place: case.rule.place.clone(),
        })),
        Mode::DryRun | Mode::Off => {
            let target = case.enrollment()?.target;
            let sender = sender::would_take(case)?;
            let name = sender.as_ref().map(SenderName::as_str);
            let text = sentence::would_enroll(target.name.as_str(), name);
            let mut stop = Stop::new(Reason::WouldEnroll, text);
            stop.sender = sender;
            notes.passed("mode", format!("dry-run ({})", case.rule.place));
            Err(Halt::Stop(Box::new(stop)))
        }
    }
}
