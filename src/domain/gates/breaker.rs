//! `breaker`: while it is open, whatever was not yet called waits for a person
//! (CONSISTENCY.md 6.13).

use super::{Case, Notes, Passed, Stop};
use crate::domain::breaker::{Fuse, in_the_way};
use crate::domain::person::Holder;
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops while the rule's breaker or the portal's is open. What a person released passes.
pub fn check(case: &Case<'_>, notes: &mut Notes) -> Passed {
    if let Some(released) =
        case.item.released.iter().find(|released| released.from == Holder::Breaker)
    {
        notes.passed("breaker", format!("{} released it", released.by));
        return Ok(());
    }
    let now = case.view.now;
    let breakers = (case.rule.breaker.as_ref(), &case.rules.portal.breakers[..]);
    let open = &case.view.memory.counters.breakers;
    if breakers.0.is_none() && breakers.1.is_empty() {
        return Ok(());
    }
    let find = |id| {
        let is_open = |fuse: &Fuse| open.get(fuse).filter(|open| open.is_open(now));
        in_the_way((id, case.item.mode), breakers, is_open)
    };
    // A renamed rule's older items stand under its former id.
    let former = case.rule.was.as_ref();
    let found = find(&case.rule.id).or_else(|| find(&case.item.rule));
    let found = found.or_else(|| former.and_then(find));
    let Some((fuse, open)) = found else {
        notes.passed("breaker", "closed");
        return Ok(());
    };
    let whose = if fuse.rule.is_some() { "the rule's" } else { "the portal's" };
    let detail = format!("{whose} breaker is open ({})", case.rule.place);
    let stop = if open.discards() {
        let text = sentence::breaker_discards(&case.rule.id, open);
        Stop::new(Reason::Discarded, text)
    } else {
        Stop::new(Reason::BreakerOpen, sentence::breaker_open(&case.rule.id, open))
    };
    Err(notes.stop("breaker", detail, stop))
}

/// The breakers that must still be closed when the enrollment is reserved.
pub fn watched(case: &Case<'_>) -> Vec<Fuse> {
    if case.item.is_released_from(Holder::Breaker) {
        return Vec::new();
    }
    let mode = case.item.mode;
    let own = case.rule.breaker.map(|_| Fuse::of_rule(&case.rule.id, mode));
    let portal = (!case.rules.portal.breakers.is_empty()).then(|| Fuse::of_portal(mode));
    own.into_iter().chain(portal).collect()
}
