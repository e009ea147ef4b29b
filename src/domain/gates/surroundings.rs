//! What stands around the contact must have been read: `serve` reads no company, no deals, no
//! lists and no consent yet. A live rule that needs them is refused there; one that only watches
//! stops here instead of judging what nobody read.

use super::{Case, Notes, Passed, Stop};
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops a rule that looks at what was not read.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    let unread = case.rule.then_stage.first().filter(|_| case.view.around.is_none());
    let Some(unread) = unread else { return Ok(()) };
    let why = format!("what {} needs is not read yet", unread.key);
    let text = sentence::no_match(&case.rule.id, &why);
    let detail = format!("{why} ({})", unread.place);
    Err(notes.stop("surroundings", detail, Stop::new(Reason::NoMatch, text)))
}
