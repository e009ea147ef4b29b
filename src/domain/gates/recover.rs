//! After a restore: who was enrolled in a workflow after the backup is not known, and HubSpot
//! shows only who is in one now. Where such a workflow enrolls again, a person approves first,
//! until its `holds_for` has passed since (CONSISTENCY.md 6.14). Sequences are seen by the read
//! before every call.

use super::{Notes, Passed, Stop, Wanted};
use crate::domain::claim::Channel;
use crate::domain::person::Holder;
use crate::domain::reason::Reason;
use crate::domain::sentence;

/// Stops an enrollment that may be the second one.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    let Some(restored) = case.view.memory.counters.restored else { return Ok(()) };
    let target = case.into.target;
    if target.channel == Channel::Sequence {
        return Ok(());
    }
    let Some(workflow) = case.rules.workflows.get(&target.name) else { return Ok(()) };
    let until = workflow.holds_for.after(restored, case.zone());
    if workflow.re_enrolls == Some(false) || until <= case.view.now {
        return Ok(());
    }
    let approved = case.item.released.iter().find(|it| it.from == Holder::Approval);
    if let Some(approved) = approved {
        notes.passed("recover", format!("approved by {}", approved.by));
        return Ok(());
    }
    let detail = format!("restored from a backup on {}", case.day(restored));
    let text = sentence::recovering(target.name.as_str(), until, case.zone());
    let stop = Stop::new(Reason::NeedsApproval, text).until(Some(until));
    Err(notes.stop("recover", detail, stop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{World, changes, event, nurture};
    use crate::domain::id::RuleId;
    use crate::domain::person::Released;
    use crate::domain::rule::Mode;
    use crate::domain::time::DAY_MS;

    fn world(re_enrolls: Option<bool>, restored_days_ago: Option<u64>) -> World {
        let rule = nurture("again", changes("lifecyclestage"));
        let mut world = World::new(vec![rule]);
        for workflow in world.rules.workflows.values_mut() {
            workflow.re_enrolls = re_enrolls;
        }
        world.restored = restored_days_ago.map(|days| world.now.minus_ms(days * DAY_MS));
        world.settled(&event("lifecyclestage", "mql"));
        world
    }

    #[track_caller]
    fn check(mut world: World, expected: Option<Reason>) -> World {
        let plan = world.decide();
        let held = plan.rows.iter().find(|row| row.rule == Some(RuleId::from("again")));
        assert_eq!(held.map(|row| row.reason), expected, "{:?}", plan.rows);
        assert_eq!(plan.enroll.is_some(), expected.is_none());
        world
    }

    #[test]
    fn after_a_restore_a_workflow_that_may_enroll_again_waits_for_a_person() {
        check(world(Some(true), None), None);
        check(world(Some(true), Some(1)), Some(Reason::NeedsApproval));
        check(world(None, Some(1)), Some(Reason::NeedsApproval));
        check(world(Some(false), Some(1)), None);
    }

    #[test]
    fn once_holds_for_has_passed_nobody_is_asked() {
        check(world(Some(true), Some(44)), Some(Reason::NeedsApproval));
        check(world(Some(true), Some(46)), None);
    }

    #[test]
    fn what_nobody_answers_goes_on_after_that_unless_it_expired() {
        for (days, expected) in [(40, None), (20, Some(Reason::Expired))] {
            let mut world = check(world(Some(true), Some(days)), Some(Reason::NeedsApproval));
            world.now = world.person.items[0].due.expect("it is looked at again");
            check(world, expected);
        }
    }

    #[test]
    fn whoever_is_released_goes_on_and_a_dry_run_asks_nobody() {
        let mut world = check(world(Some(true), Some(1)), Some(Reason::NeedsApproval));
        let item = &mut world.person.items[0];
        let (from, by) = (Holder::Approval, "ann".to_owned());
        item.released.push(Released { from, by });
        item.due = Some(world.now);
        check(world, None);
        let mut watching = self::world(Some(true), Some(1));
        watching.rules.rules[0].mode = Mode::DryRun;
        watching.person.items[0].mode = Mode::DryRun;
        check(watching, Some(Reason::WouldEnroll));
    }
}
