//! `requires`: properties that the templates use. Never send "Hi ,".

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::claim::Channel;
use crate::domain::id::PropertyName;
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops where a required property is blank.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let target = case.into.target;
    let (required, place) = match target.channel {
        Channel::Sequence => {
            case.rules.sequences.get(&target.name).map(|it| (&it.requires, &it.place))
        }
        Channel::Workflow => {
            case.rules.workflows.get(&target.name).map(|it| (&it.requires, &it.place))
        }
    }
    .unzip();
    let contact = case.view.contact;
    let required = required.map(Vec::as_slice).unwrap_or_default();
    let missing: Vec<&str> = required
        .iter()
        .map(PropertyName::as_str)
        .filter(|name| contact.known(name).is_none())
        .collect();
    if missing.is_empty() {
        if !required.is_empty() {
            notes.passed("requires", format!("{} has all it needs", target.name));
        }
        return Ok(());
    }
    let missing = missing.join(", ");
    let place = place.map(|place| format!(" ({place})")).unwrap_or_default();
    let text = sentence::missing_data(&missing, target.name.as_str());
    let detail = format!("{missing} is empty; {} requires it{place}", target.name);
    Err(notes.stop("requires", detail, Stop::new(Reason::MissingData, text)))
}
