use std::collections::BTreeSet;

use super::{Asked, turn};
use crate::domain::bar::{Bar, Barring};
use crate::domain::claim::{Channel, Claim, Doubt, State};
use crate::domain::gates::fixture::{
    NOW, World, becomes, changes, claim, event, nurture, rule, target,
};
use crate::domain::leaving::{Case, End, Verdict, settle};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::{Press, Turn};
use crate::domain::rule::{Exit, Mode};
use crate::domain::settle::Policy;
use crate::domain::time::DAY_MS;

fn world() -> World {
    World::new(vec![
        rule("inbound", becomes("lifecyclestage", "mql"), "intro"),
        nurture("care", changes("plan")),
    ])
}

fn sales() -> Asked {
    Asked::TakeOut(Exit::Themes(BTreeSet::from(["sales".into()])))
}

fn press(world: &mut World, asked: &Asked) -> Turn {
    let what = match asked {
        Asked::TakeOut(_) => "take-out",
        Asked::NeverAgain => "never-contact-again",
        Asked::AllowAgain => "allow-again",
    };
    let press = Press { what: what.to_owned(), who: "Dana".to_owned(), note: "asked".to_owned() };
    let turn = turn(&world.rules, &world.person, asked, press, world.now);
    world.person.apply_turn(world.person.version + 1, &turn);
    turn
}

#[track_caller]
fn check(turn: &Turn, expected: &[(Decision, Reason)]) {
    let got: Vec<_> = turn.rows.iter().map(|row| (row.decision, row.reason)).collect();
    assert_eq!(got, expected, "{:?}", turn.rows);
}

fn in_intro(state: State) -> Claim {
    let began = NOW.minus_ms(DAY_MS);
    Claim { state, ..claim(("sales", target(Channel::Sequence, "intro")), began, None) }
}

fn confirmed() -> State {
    let enrolled_at = NOW.minus_ms(DAY_MS);
    State::Confirmed { enrolled_at, verified: true, enrollment: None, ended_at: None }
}

#[test]
fn what_waits_in_the_themes_ends_and_the_rest_goes_on() {
    let mut world = world();
    world.take(&event("lifecyclestage", "mql"));
    world.take(&event("plan", "pro"));
    let turn = press(&mut world, &sales());
    check(&turn, &[(Decision::Skip, Reason::Withdrawn), (Decision::Skip, Reason::NotEnrolled)]);
    let why = "Ended before it was sent: Dana took the contact out.";
    assert_eq!(turn.rows[0].sentence, why);
    assert_eq!(turn.rows[1].by.as_deref(), Some("Dana"));
    assert_eq!(turn.rows[1].id.as_str(), "take-out.51.1795532400000");
    let left: Vec<&str> = world.person.items.iter().map(|item| item.rule.as_str()).collect();
    assert_eq!(left, ["care"]);
}

#[test]
fn what_is_held_or_needs_approval_ends_too() {
    for reason in [Reason::NeedsApproval, Reason::BreakerOpen, Reason::NoSender] {
        let mut world = world();
        world.take(&event("lifecyclestage", "mql"));
        let item = &mut world.person.items[0];
        (item.decision, item.reason, item.mode) = (Decision::Hold, reason, Mode::Approval);
        let turn = press(&mut world, &Asked::NeverAgain);
        check(&turn, &[(Decision::Skip, Reason::Withdrawn), (Decision::Skip, Reason::NotEnrolled)]);
        assert!(world.person.items.is_empty());
    }
}

#[test]
fn what_runs_is_left_and_the_record_says_by_whom() {
    let doubt = State::InDoubt {
        since: NOW,
        doubt: Doubt::NoAnswer,
        checks: 0,
        next_check: NOW,
        why: String::new(),
    };
    // A claim in doubt is taken as enrolled.
    for state in [confirmed(), doubt] {
        let mut world = world();
        world.person.claims = vec![in_intro(state)];
        let turn = press(&mut world, &sales());
        check(&turn, &[(Decision::Wait, Reason::OutcomeUnknown)]);
        let [leaving] = world.person.leavings.as_slice() else { panic!("{turn:?}") };
        assert_eq!(leaving.target.name.as_str(), "intro");
        let case = Case {
            rules: &world.rules,
            policy: Policy { verify_first_ms: 1, verify_for_ms: 1 },
            now: world.now,
            person: world.person.clone(),
            leaving: leaving.clone(),
        };
        let over = settle(&case, None, Verdict::Over(End::Left { at: NOW }), None);
        check(&over, &[(Decision::Unenroll, Reason::Matched)]);
        assert_eq!(over.rows[0].sentence, "Taken out of intro by Dana.");
        assert_eq!(over.rows[0].by.as_deref(), Some("Dana"));
        assert_eq!((over.rows[0].rule.as_ref(), &over.done), (None, &vec![leaving.item.clone()]));
        // Pressed again, nothing is left that is not being left.
        check(&press(&mut world, &sales()), &[(Decision::Skip, Reason::NotEnrolled)]);
    }
}

#[test]
fn never_again_suppresses_whatever_comes_until_it_is_taken_back() {
    let mut world = world();
    let turn = press(&mut world, &Asked::NeverAgain);
    let bar = Bar { at: NOW, who: "Dana".to_owned(), note: "asked".to_owned() };
    assert_eq!(turn.barring, Some(Barring::Set(bar)));
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let row = &plan.rows[0];
    assert_eq!((row.reason, row.by.as_deref()), (Reason::Suppressed, Some("never contact again")));
    let says = "Suppressed by \"never contact again\": Dana said so on 24 Nov 2026.";
    assert_eq!(row.sentence, says);
    press(&mut world, &Asked::AllowAgain);
    assert_eq!(world.person.barred, None);
    world.settled(&event("plan", "pro"));
    world.contact.properties.insert("plan".into(), "pro".to_owned());
    assert!(world.decide().enroll.is_some());
}

#[test]
fn neither_history_nor_a_merge_ends_never_again() {
    let mut world = world();
    press(&mut world, &Asked::NeverAgain);
    let mut other = crate::domain::person::Person::new(crate::domain::id::ContactId(9));
    other.unite(world.person.clone());
    assert!(other.barred.is_some(), "the stricter of both wins");
    world.person.erase(7, NOW);
    assert_eq!(world.person.barred.map(|bar| bar.note), Some(String::new()));
}
