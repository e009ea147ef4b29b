//! Virtual time: a plan taken in as the ledger would, its enrollment accepted and confirmed at
//! once, and whoever is to leave is out. The rules' own tests and `replay` assume this, and
//! nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::claim::{Claim, State};
use super::contact::Owner;
use super::decide::{Intent, Plan};
use super::id::{ContactId, OwnerId, UserId};
use super::leaving::{self, End, Verdict};
use super::record::{Row, Step, Turn};
use super::rule::RuleSet;
use super::settle::Policy;
use super::time::{DAY_MS, Timestamp};
use super::view::{BUDGET_MS, Counters, InboxUse, Memory};

/// Nothing is in doubt here.
const POLICY: Policy = Policy { verify_first_ms: 0, verify_for_ms: 0 };

/// Takes `plan` into what is remembered; the rows it leaves, in their order.
pub fn take_in(rules: &RuleSet, plan: Plan, memory: &mut Memory, now: Timestamp) -> Vec<Row> {
    let person = &mut memory.person;
    let mut turn = Turn::new(Step::Decided, person.contact, now);
    turn.done = plan.done(&person.items);
    turn.items = plan.items;
    turn.claims = plan.claims;
    turn.leavings = plan.leavings;
    turn.seen = Some(plan.seen);
    turn.shadows = Some(plan.shadows);
    person.apply_turn(person.version + 1, &turn);
    let mut rows = plan.rows;
    if let Some(intent) = plan.enroll {
        if let Some(sender) = &intent.sender {
            take_slot(memory.inboxes.entry(sender.inbox.clone()).or_default(), now);
        }
        rows.push(intent.row.clone());
        let settled = confirmed(*intent, person.contact, now);
        settled.claims.iter().for_each(|claim| count(rules, &mut memory.counters, claim));
        person.apply_turn(person.version + 1, &settled);
    }
    while let Some(leaving) = person.open_leaving().cloned() {
        let case = leaving::Case { rules, policy: POLICY, person: person.clone(), leaving, now };
        let left = leaving::settle(&case, None, Verdict::Over(End::Left { at: now }), None);
        person.apply_turn(person.version + 1, &left);
        rows.extend(left.rows);
    }
    rows
}

/// Counts a claim for the limits of its rule. Rules without limits are never asked.
fn count(rules: &RuleSet, counters: &mut Counters, claim: &Claim) {
    if rules.rule(&claim.rule).is_none_or(|rule| rule.limits.rolling.is_empty()) {
        return;
    }
    let counted = Arc::make_mut(&mut counters.rules);
    let slots = Arc::make_mut(counted.entry(claim.rule.clone()).or_default());
    slots.claim(claim);
    slots.forget_before(claim.last_call_at.minus_ms(DAY_MS));
}

/// Counts an enrollment at `now`; slots that no budget counts any more are let go.
pub fn take_slot(inbox: &mut InboxUse, now: Timestamp) {
    inbox.settled.retain(|at| now < at.plus_ms(BUDGET_MS));
    inbox.settled.push(now);
    inbox.last = Some(now);
}

fn confirmed(intent: Intent, contact: ContactId, now: Timestamp) -> Turn {
    let mut turn = Turn::new(Step::Settled, contact, now);
    turn.done = vec![intent.item.clone()];
    turn.claims = vec![Claim {
        id: intent.item.as_str().into(),
        contact,
        theme: intent.theme,
        rule: intent.rule,
        row: intent.item,
        target: intent.target,
        sender: intent.sender,
        via: None,
        first_call_at: now,
        last_call_at: now,
        lost_answers: 0,
        holds_until: intent.holds_until,
        evidence: None,
        state: State::Confirmed {
            enrolled_at: now,
            verified: true,
            enrollment: None,
            ended_at: None,
        },
    }];
    turn
}

/// The senders of the address book as HubSpot's owners, each with a user. Their ids are from the
/// end of the numbers, where HubSpot has given none.
pub fn owners(rules: &RuleSet) -> BTreeMap<OwnerId, Owner> {
    let owners = rules.senders.values().zip(0..).map(|(spec, index)| Owner {
        id: OwnerId(u64::MAX - index),
        user: Some(spec.user.unwrap_or(UserId(u64::MAX - index))),
        email: Some(spec.inbox.as_str().to_owned()),
        archived: false,
    });
    owners.map(|owner| (owner.id, owner)).collect()
}
