//! An exhaustive model of the person record (CONSISTENCY.md): two contacts that may be merged,
//! two themes of which one blocks the other, two routers on one store, crashes, late and lost
//! answers, an unenroll and a reload, in every order.
//!
//! Every state is checked against promises 2 to 4 of RELIABILITY.md section 2. And every rule
//! that the promises rest on is taken out in turn: the checker must then find a way to break one.

mod hub;
mod router;
mod state;

use stateright::{Checker, HasDiscoveries, Model, Property};

use router::Action;
use state::{Claim, ClaimState, Harm, Held, Limits, Rules, State};

use crate::harness::evidence;

/// The model: which rules hold, and how much of each trouble may happen.
#[derive(Clone, Debug)]
pub(crate) struct Routers {
    pub(crate) rules: Rules,
    pub(crate) limits: Limits,
}

impl Model for Routers {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.limits)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        self.possible(state, actions);
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        self.act(&mut state, action);
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("P2: no second effect", |_, state: &State| {
                state.claims.iter().all(|claim| claim.effects <= 1)
                    && !state.hub.harm.contains(&Harm::Repeated)
            }),
            Property::always("P2: what was taken out stays out", |_, state: &State| {
                !state.hub.harm.contains(&Harm::CameBack)
            }),
            Property::always("P3: no overlap of themes", |_, state: &State| {
                !state.hub.harm.contains(&Harm::Overlapped)
            }),
            Property::always("P4: never more than the budget", |model, state: &State| {
                let effects: u8 = state.of_sequence().map(|claim| claim.effects).sum();
                effects <= model.limits.budget && state.slots() <= model.limits.budget
            }),
            Property::eventually(
                "nothing stays open but what a person must see",
                |_, state: &State| {
                    state.claims.iter().all(|claim| {
                        !matches!(claim.state, ClaimState::Reserved | ClaimState::InDoubt)
                    }) && state.waiting.is_empty()
                },
            ),
            // What shows that the model gets anywhere at all.
            Property::sometimes("two contacts run in two themes", |model, state: &State| {
                let confirmed = state.claims.iter().filter(|claim| is_confirmed(claim));
                model.limits.budget < 2 || confirmed.count() == 4
            }),
            Property::sometimes("a person must decide", |model, state: &State| {
                let review = |claim: &Claim| claim.state == ClaimState::NeedsReview;
                model.limits.losses < 2 || state.claims.iter().any(review)
            }),
        ]
    }
}

fn is_confirmed(claim: &Claim) -> bool {
    matches!(claim.state, ClaimState::Confirmed | ClaimState::Ended)
}

/// With `take_out` no longer held, the promise that begins with `promise` must break.
#[track_caller]
fn check(promise: &str, limits: Limits, take_out: Held) {
    let rules = Rules { without: Some(take_out) };
    let model = Routers { rules, limits };
    let names = model.properties().into_iter().map(|property| property.name);
    let wanted = names.filter(|name| name.starts_with(promise)).collect();
    // One way to break it is enough; no need to see every state.
    let first = HasDiscoveries::AnyOf(wanted);
    let checker = model.checker().finish_when(first).spawn_bfs().join();
    let broken = checker.discoveries().into_keys().find(|name| name.starts_with(promise));
    assert!(
        broken.is_some(),
        "{promise} holds without it: {} states",
        checker.unique_state_count()
    );
}

#[test]
fn every_promise_holds_in_every_state() {
    let whole = std::env::var_os("HUBROUTE_TEST_MODEL").is_some();
    let all: &[Limits] = if whole { &Limits::WHOLE } else { &Limits::SHORT };
    let mut states = 0;
    for &limits in all {
        let model = Routers { rules: Rules { without: None }, limits };
        let checker = model.checker().threads(2).spawn_bfs().join();
        checker.assert_properties();
        states += checker.unique_state_count();
    }
    evidence(format_args!("{states} states, no promise broken"));
}

#[test]
fn a_reservation_that_does_not_look_again_breaks_a_promise() {
    check("P", Limits::FULL, Held::ReserveLooksAgain);
}

#[test]
fn a_repeat_without_a_read_is_a_second_effect() {
    check("P2", Limits::LOST, Held::ReadBeforeRepeat);
}

#[test]
fn a_doubt_that_holds_no_theme_is_an_overlap() {
    check("P3", Limits::LOST, Held::DoubtHolds);
}

#[test]
fn a_budget_that_counts_only_what_is_settled_is_exceeded() {
    check("P4", Limits::FULL, Held::UnsettledCounts);
}

#[test]
fn a_view_of_one_id_forgets_what_the_merged_one_did() {
    check("P", Limits::MERGED, Held::UnionOfIds);
}

#[test]
fn a_router_that_slept_and_still_sends_is_a_second_effect() {
    check("P2", Limits::ASLEEP, Held::SleeperWithdraws);
}

#[test]
fn a_repeat_after_an_unenroll_brings_them_back() {
    check("P2: what", Limits::LOST, Held::UnenrollEndsRepeats);
}

#[test]
fn what_waits_through_an_unenroll_brings_them_back() {
    check("P2: what", Limits::LOST, Held::UnenrollEndsWaits);
}
