//! What two routers on one store do, and what may happen to them.

use super::Routers;
use super::state::{
    Call, Claim, ClaimState, Contact, Held, Router, Rule, SEQUENCE, State, WORKFLOW,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// HubSpot tells of a change.
    Event(Contact, Rule),
    /// A router reads a person and decides.
    Read(usize, Contact, Rule),
    /// It reserves what it decided.
    Reserve(usize),
    /// The call leaves.
    Send(usize),
    /// The call arrives.
    Arrive(Call),
    /// The call never arrives, and no answer comes.
    LoseCall(Call),
    /// The answer comes.
    Answer(usize, Call),
    /// The answer is lost.
    LoseAnswer(Call),
    /// The router waits no longer; the call may still arrive.
    TimeOut(usize),
    /// A reservation that no working router holds is in doubt.
    TakeUp(usize),
    /// A claim in doubt is read back.
    ReadBack(usize),
    Crash(usize),
    Restart(usize),
    Sleep(usize),
    Wake(usize),
    Merge,
    Unenroll(Contact),
    Reload,
    /// A sequence ends by itself.
    Finish(Contact),
}

/// What a decision says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Go,
    /// A call of this person is out.
    Later,
    No,
}

impl Routers {
    pub(crate) fn possible(&self, state: &State, actions: &mut Vec<Action>) {
        let left = state.left;
        actions.extend(state.coming.iter().map(|(who, rule)| Action::Event(*who, *rule)));
        for (number, router) in state.routers.iter().enumerate() {
            match router {
                Router::Down => actions.push(Action::Restart(number)),
                Router::Idle => {
                    let free = state
                        .waiting
                        .iter()
                        .filter(|(who, rule)| self.judge(state, *who, *rule) != Verdict::Later);
                    actions.extend(free.map(|(who, rule)| Action::Read(number, *who, *rule)));
                }
                Router::Decided { .. } => actions.push(Action::Reserve(number)),
                Router::Permit { .. } => {
                    actions.push(Action::Send(number));
                    actions.extend((left.sleeps > 0).then_some(Action::Sleep(number)));
                }
                Router::Asleep { .. } => actions.push(Action::Wake(number)),
                Router::Calling { claim } => {
                    let call = state.hub.calls.iter().find(|call| call.claim == *claim);
                    let call = call.expect("a call that is waited for");
                    match call.enrolled {
                        Some(_) => actions.push(Action::Answer(number, call.clone())),
                        None if left.losses > 0 => actions.push(Action::TimeOut(number)),
                        None => {}
                    }
                }
            }
            let up = *router != Router::Down;
            actions.extend((up && left.crashes > 0).then_some(Action::Crash(number)));
        }
        possible_of_calls(state, actions);
        self.possible_of_claims(state, actions);
        actions.extend((left.merges > 0).then_some(Action::Merge));
        actions.extend((left.reloads > 0).then_some(Action::Reload));
        for who in [0, 1] {
            let calling =
                self.claims_of(state, who).any(|claim| claim.state == ClaimState::Reserved);
            if left.unenrolls > 0 && !calling && (who == 0 || !state.hub.merged) {
                actions.push(Action::Unenroll(who));
            }
            let runs = state.hub.active.contains(&(who, SEQUENCE));
            actions.extend((left.finishes > 0 && runs).then_some(Action::Finish(who)));
        }
    }

    fn possible_of_claims(&self, state: &State, actions: &mut Vec<Action>) {
        for (number, claim) in state.claims.iter().enumerate() {
            let held = state.routers.iter().any(|router| {
                *router == Router::Permit { claim: number }
                    || *router == Router::Calling { claim: number }
            });
            let on_its_way = state.hub.calls.iter().any(|call| call.claim == number);
            match claim.state {
                ClaimState::Reserved if !held => actions.push(Action::TakeUp(number)),
                // `verify_for` is longer than a call can be on its way.
                ClaimState::InDoubt if !on_its_way || !self.rules.hold(Held::ReadBeforeRepeat) => {
                    actions.push(Action::ReadBack(number));
                }
                _ => {}
            }
        }
    }

    pub(crate) fn act(&self, state: &mut State, action: Action) {
        match action {
            Action::Event(who, rule) => {
                state.coming.remove(&(who, rule));
                state.wait(who, rule);
            }
            Action::Read(router, who, rule) => self.read(state, router, who, rule),
            Action::Reserve(router) => self.reserve(state, router),
            Action::Send(router) => {
                let Router::Permit { claim } = state.routers[router] else { return };
                state.claims[claim].calls += 1;
                let after_leaving = state.hub.taken_out.contains(&state.claims[claim].contact);
                state.hub.calls.insert(Call { claim, enrolled: None, after_leaving });
                state.routers[router] = Router::Calling { claim };
            }
            Action::Arrive(call) => state.arrive(&call),
            Action::Answer(router, call) => {
                let accepted = call.enrolled == Some(true) || state.shows(call.claim);
                state.hub.calls.remove(&call);
                state.routers[router] = Router::Idle;
                state.claims[call.claim].state =
                    if accepted { ClaimState::Confirmed } else { ClaimState::Released };
            }
            Action::LoseCall(call) | Action::LoseAnswer(call) => {
                state.left.losses -= 1;
                state.hub.calls.remove(&call);
                state.give_up(call.claim);
            }
            Action::TimeOut(router) => {
                state.left.losses -= 1;
                let Router::Calling { claim } = state.routers[router] else { return };
                state.give_up(claim);
            }
            Action::TakeUp(claim) => state.claims[claim].state = ClaimState::InDoubt,
            Action::ReadBack(claim) => self.read_back(state, claim),
            Action::Crash(router) => {
                state.left.crashes -= 1;
                state.routers[router] = Router::Down;
            }
            Action::Restart(router) => state.routers[router] = Router::Idle,
            Action::Sleep(router) => {
                state.left.sleeps -= 1;
                let Router::Permit { claim } = state.routers[router] else { return };
                state.routers[router] = Router::Asleep { claim };
            }
            Action::Wake(router) => self.wake(state, router),
            Action::Merge => {
                state.left.merges -= 1;
                state.merge();
            }
            Action::Unenroll(who) => self.unenroll(state, who),
            Action::Reload => {
                state.left.reloads -= 1;
                state.workflow_rule = false;
            }
            Action::Finish(who) => {
                state.left.finishes -= 1;
                state.hub.active.remove(&(who, SEQUENCE));
            }
        }
    }

    /// Everything the store knows of a person.
    fn claims_of<'a>(&self, state: &'a State, who: Contact) -> impl Iterator<Item = &'a Claim> {
        let union = self.rules.hold(Held::UnionOfIds) && state.aliased;
        state.claims.iter().filter(move |claim| union || claim.contact == who)
    }

    fn judge(&self, state: &State, who: Contact, rule: Rule) -> Verdict {
        use ClaimState::{Confirmed, Ended, InDoubt, NeedsReview, Released, Reserved};
        if rule == WORKFLOW && !state.workflow_rule {
            return Verdict::No;
        }
        let seen = |claim: &&Claim| self.rules.hold(Held::DoubtHolds) || claim.state != InDoubt;
        let mut claims = self.claims_of(state, who).filter(seen);
        if self.claims_of(state, who).any(|claim| claim.state == Reserved) {
            return Verdict::Later;
        }
        let barred = claims.any(|claim| match claim.state {
            Released => false,
            // `re_enroll = "never"`; and the sequence's theme blocks the workflow's while it lasts.
            Ended => claim.rule == rule,
            Reserved | InDoubt | NeedsReview | Confirmed => {
                claim.rule == rule || (claim.rule == SEQUENCE && rule == WORKFLOW)
            }
        });
        let settled = |claim: &&Claim| matches!(claim.state, Confirmed | Ended);
        let used = if self.rules.hold(Held::UnsettledCounts) {
            state.slots()
        } else {
            u8::try_from(state.of_sequence().filter(settled).count()).expect("few")
        };
        let full = rule == SEQUENCE && self.limits.budget <= used;
        if barred || full { Verdict::No } else { Verdict::Go }
    }

    /// A fresh read: it shows what ended, and whether the person is now somebody else.
    fn read(&self, state: &mut State, router: usize, who: Contact, rule: Rule) {
        if state.hub.merged && !state.aliased {
            state.aliased = true;
            state.waiting = state.waiting.iter().map(|(_, rule)| (0, *rule)).collect();
            return;
        }
        for number in 0..state.claims.len() {
            let claim = &state.claims[number];
            let over = !state.is_active(claim.contact, claim.rule);
            if claim.state == ClaimState::Confirmed && claim.rule == SEQUENCE && over {
                state.claims[number].state = ClaimState::Ended;
            }
        }
        if self.judge(state, who, rule) == Verdict::Go {
            let merged = state.hub.merged;
            state.routers[router] = Router::Decided { contact: who, rule, merged };
        } else {
            state.waiting.remove(&(who, rule));
        }
    }

    fn reserve(&self, state: &mut State, router: usize) {
        let Router::Decided { contact, rule, merged } = state.routers[router] else { return };
        state.routers[router] = Router::Idle;
        let waits = state.waiting.contains(&(contact, rule));
        let stands = waits && self.judge(state, contact, rule) == Verdict::Go;
        if self.rules.hold(Held::ReserveLooksAgain) && !stands {
            return;
        }
        state.waiting.remove(&(contact, rule));
        let lost = state
            .claims
            .iter()
            .any(|claim| (claim.contact, claim.rule) == (contact, rule) && claim.calls > 0);
        let claim = state.claims.len();
        state.claims.push(Claim {
            contact,
            rule,
            state: ClaimState::Reserved,
            calls: u8::from(lost),
            left: false,
            read_merged: merged,
            effects: 0,
        });
        state.routers[router] = Router::Permit { claim };
    }

    /// Absent all the time: once more, but not after an unenroll, and not a third time.
    fn read_back(&self, state: &mut State, number: usize) {
        let claim = state.claims[number].clone();
        let again = !claim.left || !self.rules.hold(Held::UnenrollEndsRepeats);
        let next = if state.shows(number) && self.rules.hold(Held::ReadBeforeRepeat) {
            ClaimState::Confirmed
        } else if claim.calls > 1 {
            ClaimState::NeedsReview
        } else {
            ClaimState::Released
        };
        state.claims[number].state = next;
        if next == ClaimState::Released && again {
            state.wait(claim.contact, claim.rule);
        }
    }

    /// A router that was stopped between permit and write gives the reservation back.
    fn wake(&self, state: &mut State, router: usize) {
        let Router::Asleep { claim } = state.routers[router] else { return };
        if !self.rules.hold(Held::SleeperWithdraws) {
            state.routers[router] = Router::Permit { claim };
            return;
        }
        state.routers[router] = Router::Idle;
        if state.claims[claim].state == ClaimState::Reserved {
            state.claims[claim].state = ClaimState::Released;
            state.wait(state.claims[claim].contact, state.claims[claim].rule);
        }
    }

    fn unenroll(&self, state: &mut State, who: Contact) {
        state.left.unenrolls -= 1;
        state.coming.retain(|(contact, _)| *contact != who);
        if self.rules.hold(Held::UnenrollEndsWaits) {
            state.waiting.retain(|(contact, _)| *contact != who);
        }
        state.hub.taken_out.insert(who);
        state.hub.active.retain(|(contact, _)| *contact != who);
        let one_person = state.aliased;
        let theirs = |claim: &&mut Claim| one_person || claim.contact == who;
        for claim in state.claims.iter_mut().filter(theirs) {
            match claim.state {
                ClaimState::Confirmed => claim.state = ClaimState::Ended,
                ClaimState::InDoubt => {}
                _ => continue,
            }
            claim.left = true;
        }
    }
}

fn possible_of_calls(state: &State, actions: &mut Vec<Action>) {
    for call in &state.hub.calls {
        if call.enrolled.is_none() {
            actions.push(Action::Arrive(call.clone()));
        }
        if state.left.losses > 0 {
            actions.push(match call.enrolled {
                None => Action::LoseCall(call.clone()),
                Some(_) => Action::LoseAnswer(call.clone()),
            });
        }
    }
}

impl State {
    fn wait(&mut self, who: Contact, rule: Rule) {
        self.waiting.insert((if self.aliased { 0 } else { who }, rule));
    }

    /// Whoever waited for the claim's answer waits no longer.
    fn give_up(&mut self, claim: usize) {
        for router in &mut self.routers {
            if *router == (Router::Calling { claim }) {
                *router = Router::Idle;
                self.claims[claim].state = ClaimState::InDoubt;
            }
        }
    }
}
