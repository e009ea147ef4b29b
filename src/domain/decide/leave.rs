//! Unenroll rules and `also_unenroll`: they come before any enrollment of the same decision, and
//! end what waits (CONSISTENCY.md 6.2).

use super::draft::Draft;
use super::{Ready, gates};
use crate::domain::facts::Facts;
use crate::domain::gates::past::{Past, Stay};
use crate::domain::gates::{Case, Notes, Stop, UNENROLL, exit, suppress};
use crate::domain::leaving::follow;
use crate::domain::person::{Item, Purpose};
use crate::domain::reason::{Decision, Reason};
use crate::domain::record::Row;
use crate::domain::rule::{Action, Enroll, Exit, Mode, Rule, RuleSet};
use crate::domain::sentence;
use crate::domain::view::View;

/// Takes the rules that take somebody out through their gates. Whatever is to be enrolled goes
/// on: other rules, and a `then_enroll` that found nothing to leave.
pub(super) fn decide<'a>(
    rules: &'a RuleSet,
    view: &'a View<'a>,
    past: &Past<'_>,
    ready: Vec<Ready<'a>>,
    draft: &mut Draft<'_>,
) -> Vec<Ready<'a>> {
    let takes_out = |it: &Ready<'_>| it.rule.exit().is_some() && it.item.purpose == Purpose::Rule;
    let (mut exits, mut others): (Vec<_>, Vec<_>) = ready.into_iter().partition(takes_out);
    exits.sort_by_key(|it| (it.rule.priority, &it.rule.id, it.item.fired_at));
    for mut it in exits {
        let Some(exit) = it.rule.exit() else { continue };
        let case = Case { rules, view, past, item: it.item, rule: it.rule, mode: it.mode };
        let stop = gates::run(&UNENROLL, &case, &mut it.notes).err();
        let is_final = !stop.as_ref().is_some_and(|stop| stop.decision.is_open());
        if it.mode == Mode::Live && is_final {
            draft.withdraw(exit, it.item, &sentence::takes_out(&it.rule.id));
        }
        if let Some(stop) = stop {
            draft.told(it, exit, *stop);
            continue;
        }
        let named = draft.unplanned(exit::named(past, exit, case.is_dry_run()));
        if !named.is_empty() {
            draft.leave(it.index, Some((it.rule, it.mode)), it.notes, &named);
        } else if then_of(it.rule).is_some() {
            draft.goes_on(it.index);
            others.push(it);
        } else {
            let stop = Stop::new(Reason::NotEnrolled, sentence::not_enrolled());
            draft.stop(it.index, Some((it.rule, it.mode)), it.notes, stop);
        }
    }
    others.retain(|it| draft.items[it.index].is_some());
    others
}

/// Takes the person out where a suppression has come to hold.
pub(super) fn suppress(
    rules: &RuleSet,
    view: &View<'_>,
    past: &Past<'_>,
    (index, item): (usize, &Item),
    draft: &mut Draft<'_>,
) {
    let id = item.rule.as_str();
    let found = rules.suppressions.iter().find(|it| it.id == id && it.also_unenroll);
    let mut notes = Notes::default();
    let Some(found) = found else {
        let stop = Stop::new(Reason::RuleRemoved, sentence::rule_removed(&item.rule));
        draft.stop(index, None, notes, stop);
        return;
    };
    let live = found.live && item.mode == Mode::Live;
    let facts = Facts::of(rules, view, past, !live);
    let why = match suppress::holds(&facts, found) {
        Ok(why) => why,
        Err(why) => {
            notes.push("suppress", false, format!("\"{id}\" ({}): {why}", found.place));
            let stop = Stop::new(Reason::NoMatch, sentence::no_match(&item.rule, &why));
            draft.stop(index, None, notes, stop);
            return;
        }
    };
    notes.passed("suppress", format!("\"{id}\" ({}): {why}", found.place));
    let exit = found.exit();
    if live {
        draft.withdraw(&exit, item, &sentence::suppresses(id));
    }
    let named = draft.unplanned(exit::named(past, &exit, !live));
    let stop = match (named.is_empty(), live) {
        (true, _) => Stop::new(Reason::NotEnrolled, sentence::not_enrolled()),
        (false, false) => exit::would_leave(&named),
        (false, true) => {
            draft.leave(index, None, notes, &named);
            return;
        }
    };
    draft.stop(index, None, notes, stop.by(id));
}

fn then_of(rule: &Rule) -> Option<&Enroll> {
    match &rule.action {
        Action::Unenroll { then, .. } => then.as_ref(),
        _ => None,
    }
}

impl<'a> Draft<'a> {
    /// Whether the person is to be taken out of something.
    pub(super) fn is_leaving(&self) -> bool {
        !self.leavings.is_empty()
    }

    /// Those for which this decision has planned nothing yet.
    fn unplanned<'s>(&self, stays: Vec<&'s Stay>) -> Vec<&'s Stay> {
        let planned = |stay: &&Stay| {
            self.leavings.iter().any(|leaving| {
                leaving.claim == stay.claim
                    && leaving.began == stay.began
                    && stay.target.as_ref() == Some(&leaving.target)
            })
        };
        stays.into_iter().filter(|stay| !planned(stay)).collect()
    }

    /// Plans the leavings of the item at `index`: it waits for them.
    fn leave(&mut self, index: usize, rule: Option<(&Rule, Mode)>, notes: Notes, stays: &[&Stay]) {
        let Some(mut item) = self.items[index].take() else { return };
        item.matched = true;
        let leavings = follow::leavings(&item, stays, self.view.now);
        self.items[index] = Some(self.waits_for(item, rule, notes, stays));
        self.leavings.extend(leavings);
    }

    /// Plans what `on_conflict = "replace"` takes the person out of, in a record of its own.
    pub(super) fn replace(&mut self, item: &Item, rule: Option<(&Rule, Mode)>, stays: &[Stay]) {
        let stays: Vec<&Stay> = stays.iter().collect();
        let id = format!("{}.replace", item.id).into();
        let helper = Item { id, purpose: Purpose::Replace, target: None, ..item.clone() };
        let leavings = follow::leavings(&helper, &stays, self.view.now);
        let helper = self.waits_for(helper, rule, Notes::default(), &stays);
        self.items.push(Some(helper));
        self.leavings.extend(leavings);
    }

    /// The item as it waits for its leavings; its record.
    fn waits_for(
        &mut self,
        mut item: Item,
        rule: Option<(&Rule, Mode)>,
        notes: Notes,
        stays: &[&Stay],
    ) -> Item {
        let from = exit::names(stays);
        let text = sentence::leaving(&sentence::list(&from));
        Self::keep_rule(&mut item, rule);
        item.turn_to(Reason::OutcomeUnknown, self.view.now);
        item.decision = Decision::Wait;
        item.sentence.clone_from(&text);
        item.due = None;
        let row = self.row(&item, rule, (Reason::OutcomeUnknown, text), notes);
        self.rows.push(Row { from, target: None, ..row });
        item
    }

    /// The item at `index` found nothing to leave, and enrolls.
    fn goes_on(&mut self, index: usize) {
        if let Some(item) = &mut self.items[index] {
            item.purpose = Purpose::Then;
        }
    }

    /// Records the verdict on a rule that takes nobody out now. One that only watches ends what
    /// its like would have enrolled, and enrolls then as it would have.
    fn told(&mut self, it: Ready<'_>, exit: &Exit, stop: Stop) {
        let watched = stop.reason == Reason::WouldUnenroll;
        self.stop(it.index, Some((it.rule, it.mode)), it.notes, stop);
        if !watched {
            return;
        }
        let now = self.view.now;
        for shadow in &mut self.shadows {
            if now < shadow.holds_until && exit.names(&shadow.theme, shadow.target.as_str()) {
                shadow.holds_until = now;
            }
        }
        if let Some(into) = then_of(it.rule) {
            let then = follow::then(it.item, into, (now, now));
            let why = (then.reason, then.sentence.clone());
            let row = self.row(&then, Some((it.rule, it.mode)), why, Notes::default());
            self.rows.push(row);
            self.items.push(Some(then));
        }
    }

    /// Ends whatever waits, is held or needs approval under what `exit` names, and was there
    /// before the change that `by` answers to. A call in doubt is not repeated (CONSISTENCY.md
    /// 6.2).
    fn withdraw(&mut self, exit: &Exit, by: &Item, why: &str) {
        let contact = self.view.memory.person.contact;
        for index in 0..self.items.len() {
            let Some(item) = &self.items[index] else { continue };
            let earlier = item.fired_at < by.fired_at || item.matched;
            if item.id == by.id || !earlier || !exit::would_enroll(self.rules, contact, item, exit)
            {
                continue;
            }
            let rule = self.rule_of(item).map(|rule| (rule, rule.mode.min(item.mode)));
            let stop = Stop::new(Reason::Withdrawn, sentence::withdrawn(why));
            self.stop(index, rule, Notes::default(), stop);
        }
    }

    /// The item's rule as it is for this person.
    fn rule_of(&self, item: &Item) -> Option<&'a Rule> {
        self.rules.rule(&item.rule).map(|rule| rule.of(self.view.memory.person.contact))
    }
}
