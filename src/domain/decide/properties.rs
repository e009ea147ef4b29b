//! What holds for every decision, whatever the person's past looks like.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::domain::claim::{Channel, Claim, State};
use crate::domain::gates::fixture::{
    NOW, World, becomes, changes, claim, contact, event, nurture, rule, target,
};
use crate::domain::gates::theme::blockers;
use crate::domain::id::{RowId, SequenceId};
use crate::domain::person::Seen;
use crate::domain::rule::{Mode, Rule};
use crate::domain::time::DAY_MS;

fn modes() -> impl Strategy<Value = Mode> {
    prop_oneof![Just(Mode::Live), Just(Mode::DryRun), Just(Mode::Off)]
}

fn states() -> impl Strategy<Value = Option<State>> {
    let why = String::new;
    prop_oneof![
        Just(None),
        Just(Some(State::Reserved)),
        Just(Some(State::NeedsReview { since: NOW, why: why() })),
        Just(Some(State::Released { at: NOW, why: why() })),
    ]
}

fn claims() -> impl Strategy<Value = Claim> {
    let days = (1_u64..120, proptest::option::of(0_u64..60));
    (any::<bool>(), days, states()).prop_map(|(sequence, (ago, lasted), state)| {
        let began = NOW.minus_ms(ago * DAY_MS);
        let ended = lasted.map(|days| began.plus_ms(days * DAY_MS));
        let of = if sequence {
            ("sales", target(Channel::Sequence, "revival"))
        } else {
            ("nurture", target(Channel::Workflow, "nurture-flow"))
        };
        let mut claim = claim(of, began, ended);
        claim.state = state.unwrap_or(claim.state);
        claim
    })
}

fn worlds() -> impl Strategy<Value = World> {
    let past = (
        proptest::collection::vec(claims(), 0..3),
        proptest::collection::vec((10_u64..14, 0_u64..90), 0..3),
    );
    let now = (proptest::collection::vec(modes(), 4), [0_u32..4, 0..4], any::<bool>());
    (past, now).prop_map(|((claims, seen), (modes, used, has_name))| {
        let rules = vec![
            Rule { priority: 10, ..rule("a", becomes("lifecyclestage", "mql"), "intro") },
            Rule { priority: 20, ..rule("b", changes("lifecyclestage"), "revival") },
            Rule { priority: 5, ..nurture("c", changes("lifecyclestage")) },
            Rule { priority: 30, ..nurture("d", changes("lifecyclestage")) },
        ];
        let moded = rules.into_iter().zip(modes).map(|(rule, mode)| Rule { mode, ..rule });
        let mut world = World::new(moded.collect());
        world.person.claims = claims;
        world.person.seen = seen
            .into_iter()
            .map(|(id, ago)| Seen {
                sequence: SequenceId(id),
                enrolled_at: NOW.minus_ms(ago * DAY_MS),
                ended_at: None,
            })
            .collect();
        world.used("dana", used[0]);
        world.used("luis", used[1]);
        if !has_name {
            world.contact = contact(&[("firstname", "")]);
        }
        world
    })
}

proptest! {
    #[test]
    fn every_due_item_comes_out_once_and_no_theme_is_taken_twice(mut world in worlds()) {
        world.settled(&event("lifecyclestage", "mql"));
        let fired: BTreeSet<RowId> = world.person.items.iter().map(|it| it.id.clone()).collect();
        prop_assert_eq!(world.plan(), world.plan());
        let plan = world.decide();
        let told: Vec<&RowId> = plan.rows.iter().map(|row| &row.id).collect();
        let unique: BTreeSet<&RowId> = told.iter().copied().collect();
        prop_assert_eq!(unique.len(), told.len());
        for id in &fired {
            let left = plan.items.iter().find(|item| item.id == *id);
            let still_due = left.is_some_and(|item| item.due.is_some_and(|due| due <= world.now));
            // Told now, or left for the enrollment that goes first: never both, never neither.
            prop_assert_eq!(still_due, !unique.contains(id));
            prop_assert!(!still_due || plan.enroll.is_some());
        }
        if let Some(intent) = &plan.enroll {
            let blockers = blockers(&world.rules.themes, &intent.theme);
            let held = world.person.holder(&intent.theme, &blockers, world.now);
            prop_assert!(held.is_none());
            let rule = world.rules.rule(&intent.rule).expect("a rule of the set");
            prop_assert_eq!(rule.mode, Mode::Live);
            prop_assert!(intent.budget.is_none_or(|seen| seen.used < seen.budget));
        }
    }

    /// CONSISTENCY.md 6.1.
    #[test]
    fn without_its_dry_run_rules_live_traffic_is_the_same(mut world in worlds()) {
        world.settled(&event("lifecyclestage", "mql"));
        let live: BTreeSet<RowId> = world.person.items.iter()
            .filter(|item| item.mode == Mode::Live)
            .map(|item| item.id.clone())
            .collect();
        let with = world.plan();
        world.person.items.retain(|item| live.contains(&item.id));
        let without = world.plan();
        prop_assert_eq!(with.enroll, without.enroll);
        let rows: Vec<_> = with.rows.into_iter().filter(|row| live.contains(&row.id)).collect();
        prop_assert_eq!(rows, without.rows);
    }
}
