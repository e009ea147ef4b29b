//! What a decision makes of an unenrollment: the leavings, and the item that enrolls afterwards.

use super::{Leaving, Stage};
use crate::domain::gates::past::Stay;
use crate::domain::person::{Item, Purpose};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::Enroll;
use crate::domain::sentence;
use crate::domain::time::Timestamp;

/// A leaving of each of these for `item`, to be begun at once. A shadow is nothing to leave.
pub fn leavings(item: &Item, stays: &[&Stay], now: Timestamp) -> Vec<Leaving> {
    let targets = stays.iter().filter_map(|stay| Some((stay, stay.target.clone()?)));
    let numbered = targets.enumerate();
    let leaving = numbered.map(|(number, (stay, target))| Leaving {
        id: format!("{}#{}.{number}", item.id, now.unix_ms()).into(),
        item: item.id.clone(),
        theme: stay.theme.clone(),
        target,
        claim: stay.claim.clone(),
        began: stay.began,
        asked_at: now,
        tries: 0,
        next: now,
        call: None,
        stage: Stage::Asked,
    });
    leaving.collect()
}

/// The item of `then_enroll`, due now, that passes every gate; what was left since `since` is
/// left for it.
pub fn then(item: &Item, into: &Enroll, (since, now): (Timestamp, Timestamp)) -> Item {
    Item {
        id: format!("{}.then", item.id).into(),
        purpose: Purpose::Then,
        matched: true,
        first_due: now,
        due: Some(now),
        decision: Decision::Wait,
        reason: Reason::ThemeBusy,
        sentence: sentence::then_enroll(into.target.name.as_str()),
        since: now,
        uncounted_ms: 0,
        until: None,
        target: Some(into.target.name.clone()),
        leaves_since: Some(since),
        ..item.clone()
    }
}
