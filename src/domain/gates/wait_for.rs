//! `wait_for`: wait until a property is known, or for so long.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops while the property is unknown. It is looked at again when the property changes (see
/// `intake`) or when the time is over: counted from the change that fired the rule.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let Some(wait_for) = &case.rule.timing.wait_for else { return Ok(()) };
    let (name, place) = (wait_for.property.as_str(), &wait_for.place);
    if case.view.contact.known(name).is_some() {
        notes.passed("wait_for", format!("{name} is known ({place})"));
        return Ok(());
    }
    let until = wait_for.up_to.after(case.item.fired_at, case.zone());
    if case.view.now < until {
        let at = sentence::minute(until, case.zone());
        let text = sentence::waiting_for_property(name, &at);
        let stop = Stop::new(Reason::WaitingForProperty, text).until(Some(until));
        return Err(notes.stop("wait_for", format!("{name} is empty until {at} ({place})"), stop));
    }
    let detail = format!("{name} is empty after {} ({place})", wait_for.up_to);
    if wait_for.goes_on {
        notes.passed("wait_for", detail);
        return Ok(());
    }
    let text = sentence::never_known(name, wait_for.up_to);
    Err(notes.stop("wait_for", detail, Stop::new(Reason::MissingData, text)))
}
