//! `mode`: a rule that only watches answers here, before quiet period, sender, limits and window,
//! naming the sender it would take now. It uses nobody's budget.

use super::{Case, Notes, Passed, Stop, Wanted, sender};
use crate::domain::id::SenderName;
use crate::domain::person::Holder;
use crate::domain::reason::Reason;
use crate::domain::rule::Mode;
use crate::domain::sentence;

/// Stops a rule that is not live.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    match case.mode {
        Mode::Live => {
            notes.passed("mode", "live");
            Ok(())
        }
        Mode::Approval => approval(case, notes),
        Mode::DryRun | Mode::Off => {
            let target = case.into.target;
            let sender = sender::would_take(case);
            let name = sender.as_ref().map(SenderName::as_str);
            let text = sentence::would_enroll(target.name.as_str(), name);
            let mut stop = Stop::new(Reason::WouldEnroll, text);
            stop.sender = sender;
            notes.passed("mode", format!("dry-run ({})", case.rule.place));
            Err(Box::new(stop))
        }
    }
}

/// A person approves first, within the rule's time.
pub(super) fn approval(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let approved = case.item.released.iter().find(|it| it.from == Holder::Approval);
    if let Some(approved) = approved {
        notes.passed("mode", format!("approved by {}", approved.by));
        return Ok(());
    }
    let within = case.rule.approve_within;
    let asked = case.item.asked_at.unwrap_or(case.view.now);
    let lapses = within.after(asked, case.zone());
    let detail = format!("approval ({}), within {within}", case.rule.place);
    let stop = if lapses <= case.view.now {
        Stop::new(Reason::NotApproved, sentence::not_approved(None))
    } else {
        let text = sentence::needs_approval(lapses, case.zone());
        Stop::new(Reason::NeedsApproval, text).until(Some(lapses))
    };
    Err(notes.stop("mode", detail, stop))
}
