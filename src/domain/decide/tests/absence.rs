//! Senders' `away` and `pace`.

use super::check;
use super::time::{at, days, minutes, zone};
use crate::domain::gates::fixture::{NOW, SETTLE_MS, World};
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::{Action, SenderChoice};
use crate::domain::time::MINUTE_MS;
use crate::domain::view::InboxUse;

fn away(name: &'static str, from: &'static str, until: &'static str) -> impl Fn(&mut World) {
    move |world: &mut World| {
        let spec = world.rules.senders.get_mut(name).expect(name);
        spec.away.push(days(from, until));
    }
}

#[test]
fn who_is_away_gives_way_and_nobody_there_is_held_until_somebody_is_back() {
    let dana = away("dana", "2026-11-24", "2026-11-24");
    let row = check(&dana, Decision::Enroll, Reason::Matched);
    assert_eq!(row.sender, Some("luis".into()));
    check(away("dana", "2026-11-25", "2026-11-30"), Decision::Enroll, Reason::Matched);
    let both = |world: &mut World| {
        dana(world);
        away("dana", "2026-11-25", "2026-11-26")(world);
        away("luis", "2026-11-01", "2026-11-29")(world);
    };
    let row = check(both, Decision::Hold, Reason::NoSender);
    assert_eq!(row.until, Some(at("2026-11-27T00:00:00-05:00")), "the first one back");
    assert!(row.sentence.contains("dana is away and back on 27 Nov 2026"), "{}", row.sentence);
    // Some away, the rest full: it is a matter of places.
    let full = |world: &mut World| {
        dana(world);
        world.used("luis", 2);
    };
    check(full, Decision::Wait, Reason::BudgetExhausted);
}

#[test]
fn days_away_go_by_the_senders_own_clock() {
    // 10:00 in New York is already tomorrow in Auckland.
    let auckland = |from: &'static str| {
        move |world: &mut World| {
            away("dana", from, from)(world);
            world.rules.senders.get_mut("dana").expect("dana").time_zone =
                Some(zone("Pacific/Auckland"));
        }
    };
    let sender = |from| check(auckland(from), Decision::Enroll, Reason::Matched).sender;
    assert_eq!(sender("2026-11-25"), Some("luis".into()));
    assert_eq!(sender("2026-11-24"), Some("dana".into()));
}

/// Dana enrolled somebody this long before the decision; her pace is two minutes.
fn paced(ms: u64) -> impl Fn(&mut World) {
    move |world: &mut World| {
        for name in ["dana", "luis"] {
            world.rules.senders.get_mut(name).expect(name).pace = Some(minutes(2));
        }
        // The decision comes when `settle` is over.
        let last = Some(NOW.plus_ms(SETTLE_MS).minus_ms(ms));
        let inbox = InboxUse { last, ..InboxUse::default() };
        world.inboxes.insert("dana@acme.com".into(), inbox);
    }
}

#[test]
fn pace_spaces_the_enrollments_of_one_inbox() {
    let row = check(paced(MINUTE_MS), Decision::Wait, Reason::BudgetExhausted);
    let free = NOW.plus_ms(SETTLE_MS + MINUTE_MS);
    assert_eq!(row.until, Some(free), "an owner's contact does not go to the team for a minute");
    assert_eq!(
        row.sentence,
        "dana keeps 2 minutes between enrollments; next free place about 24 Nov 2026 10:01."
    );
    let row = check(paced(2 * MINUTE_MS), Decision::Enroll, Reason::Matched);
    assert_eq!(row.sender, Some("dana".into()));
    // In a team it is the next one's turn.
    let team = |world: &mut World| {
        paced(MINUTE_MS)(world);
        let Action::Enroll { senders, .. } = &mut world.rules.rules[0].action else { return };
        *senders = vec![SenderChoice::Team("sdr".into())];
    };
    assert_eq!(check(team, Decision::Enroll, Reason::Matched).sender, Some("luis".into()));
    let full = |world: &mut World| {
        team(world);
        world.used("luis", 2);
    };
    let row = check(full, Decision::Wait, Reason::BudgetExhausted);
    assert_eq!(row.until, Some(free));
    assert!(
        row.sentence.starts_with("luis used 2 of 2 in 24 hours, dana keeps"),
        "{}",
        row.sentence
    );
}
