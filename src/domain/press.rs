//! What people press about held items: release lets one go on, through every gate but the one
//! that held it; discard ends it.

use super::id::ContactId;
use super::person::{Holder, Item, Released};
use super::reason::{Decision, Reason};
use super::record::{Press, Row, Step, Turn};
use super::rule::RuleSet;
use super::sentence;
use super::time::Timestamp;

/// What a person decided about a held item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Release,
    /// It ends here.
    Discard,
}

/// What holds `item`; `None` where no press of this kind helps: it is not held, or a call of it
/// is in doubt.
pub fn holder(item: &Item) -> Option<Holder> {
    match item.reason {
        _ if item.decision != Decision::Hold => None,
        Reason::InDoubt => None,
        Reason::BreakerOpen => Some(Holder::Breaker),
        Reason::NeedsApproval => Some(Holder::Approval),
        _ => Some(Holder::Other),
    }
}

/// The record of a press on an item of `contact`, which `holder` holds.
pub fn turn(
    rules: &RuleSet,
    (contact, mut item): (ContactId, Item),
    (holder, verdict): (Holder, Verdict),
    press: Press,
    now: Timestamp,
) -> Turn {
    let mut turn = Turn::new(Step::Pressed, contact, now);
    let (reason, text) = match (verdict, holder) {
        (Verdict::Release, _) => (Reason::Released, sentence::let_go(&press.who)),
        (Verdict::Discard, Holder::Approval) => {
            (Reason::NotApproved, sentence::not_approved(Some(&press.who)))
        }
        (Verdict::Discard, _) => (Reason::Discarded, sentence::discarded(&press.who)),
    };
    if verdict == Verdict::Release {
        // It has all its tries again.
        item.attempts = 0;
        item.released.push(Released { from: holder, by: press.who.clone() });
        item.turn_to(reason, now);
        item.decision = Decision::Wait;
        item.sentence.clone_from(&text);
        item.due = Some(now);
    }
    let mut row = Row::of_item(&item, contact, (reason, text), rules.fingerprint.clone());
    row.by = Some(press.who.clone());
    if verdict == Verdict::Release {
        row.decision = Decision::Wait;
        row.until = item.due;
        turn.items.push(item);
    } else {
        turn.done.push(item.id);
    }
    turn.rows.push(row);
    turn.press = Some(press);
    turn
}
