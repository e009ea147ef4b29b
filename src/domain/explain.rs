//! Why (not)? Each rule asked as if its trigger fired now: the same gates in the same order as
//! [`decide`], only that it goes on after the first that says no, so that everything that stands
//! in the way is seen at once.
//!
//! [`decide`]: super::decide

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::contact::Contact;
use super::event::{Event, Kind};
use super::gates::past::Past;
use super::gates::{
    AFTER_RANK, BEFORE_RANK, Case, Notes, Passed, Stop, UNENROLL, Wanted, enrollment, evidence,
    exit,
};
use super::id::RuleId;
use super::person::Item;
use super::reason::{Decision, Reason};
use super::record::TraceStep;
use super::rule::condition::Condition;
use super::rule::trigger::Subject;
use super::rule::{Action, Mode, Place, Rule, RuleSet};
use super::sentence;
use super::time::{HOUR_MS, Timestamp};
use super::view::View;

/// What one rule would decide about the contact now.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The rule.
    pub rule: RuleId,
    /// Its sentence.
    pub says: String,
    /// Its mode.
    pub mode: Mode,
    /// Where it stands.
    pub place: Place,
    /// Trigger, conditions and gates in their order, each with the actual value.
    pub steps: Vec<TraceStep>,
    /// What would be decided.
    pub decision: Decision,
    /// Why; `None` for a rule that is off.
    pub reason: Option<Reason>,
    /// The same for people.
    pub sentence: String,
    /// When it comes back, or may come back.
    pub until: Option<Timestamp>,
    /// When `re_enroll` lets the contact enter this rule again, counted from the start.
    pub re_enroll_from: Option<Timestamp>,
    /// When the theme's cooldown is over, counted from the end; for an enrollment that runs, at
    /// the latest.
    pub cooldown_until: Option<Timestamp>,
    /// "Becomes eligible when …": everything that would have to change; empty where nothing has.
    pub eligible_when: Vec<String>,
}

/// Asks every rule, by priority.
pub fn explain(rules: &RuleSet, view: &View<'_>) -> Vec<Answer> {
    let proof = evidence::read(&view.memory.person, view.contact);
    let person = proof.applied_to(&view.memory.person);
    let past = Past::of(rules, &person, view.now);
    // Whether it moves is not the question: it is asked as if it just had.
    let contact = Contact { history: BTreeMap::new(), ..view.contact.clone() };
    let view = View { contact: &contact, ..*view };
    rules.rules.iter().map(|rule| ask(rules, &view, &past, rule)).collect()
}

fn ask(rules: &RuleSet, view: &View<'_>, past: &Past<'_>, rule: &Rule) -> Answer {
    let mut answer = Answer {
        rule: rule.id.clone(),
        says: rule.says.clone(),
        mode: rule.mode,
        place: rule.place.clone(),
        steps: Vec::new(),
        decision: Decision::Enroll,
        reason: Some(Reason::Matched),
        sentence: String::new(),
        until: None,
        re_enroll_from: None,
        cooldown_until: None,
        eligible_when: Vec::new(),
    };
    if rule.mode == Mode::Off {
        answer.decision = Decision::Ignore;
        answer.reason = None;
        "The rule is off.".clone_into(&mut answer.sentence);
        answer.eligible_when.push("the rule is switched on (mode)".to_owned());
        return answer;
    }
    let rule = rule.of(view.memory.person.contact);
    let item = fired_now(rules, view, rule);
    let case = Case { rules, view, past, item: &item, rule, mode: rule.mode };
    let mut notes = Notes::default();
    let mut stops = all(&BEFORE_RANK, &case, &mut notes);
    let into = enrollment(rule);
    if rule.exit().is_some() {
        stops.extend(all(&UNENROLL, &case, &mut notes));
    } else if let Some(into) = into {
        stops.extend(all(&AFTER_RANK, &Wanted { case, into }, &mut notes));
    }
    answer.steps = notes.trace;
    answer.take_dates(&case, &stops);
    answer.eligible_when =
        stops.iter().flat_map(|stop| remedies(&case, stop, &answer.steps)).collect();
    if let Some(first) = stops.into_iter().next() {
        answer.decision = first.decision;
        answer.reason = Some(first.reason);
        answer.sentence = first.sentence;
        answer.until = first.until;
    } else if let Some(exit) = rule.exit() {
        let from = exit::names(&exit::named(past, exit, case.is_dry_run()));
        answer.decision = Decision::Unenroll;
        answer.sentence = sentence::left(&sentence::list(&from), &rule.id);
    } else {
        let sender = notes.sender.map(|chosen| chosen.sender.name);
        let target = into.map_or("", |it| it.target.name.as_str());
        let sender = sender.as_ref().map(super::id::SenderName::as_str);
        answer.sentence = sentence::matched(target, sender, &rule.id);
    }
    answer
}

/// Every verdict of `steps`, not only the first.
fn all<C>(steps: &[impl Fn(&C, &mut Notes) -> Passed], case: &C, notes: &mut Notes) -> Vec<Stop> {
    steps.iter().filter_map(|step| step(case, notes).err()).map(|stop| *stop).collect()
}

impl Answer {
    fn take_dates(&mut self, case: &Case<'_>, stops: &[Stop]) {
        let until = |reason: Reason| {
            stops.iter().find(|stop| stop.reason == reason).and_then(|stop| stop.until)
        };
        self.re_enroll_from = until(Reason::AlreadyEnrolledOnce);
        let running = || {
            let theme = enrollment(case.rule)?.theme;
            let cooldown = case.rules.themes.get(theme)?.cooldown;
            let claims = &case.past.person.claims;
            let live = claims.iter().filter(|it| it.theme == *theme && it.is_live(case.view.now));
            let latest = live.map(|claim| claim.holds_until).max()?;
            Some(cooldown.after(latest, case.zone()))
        };
        self.cooldown_until = until(Reason::CoolingDown).or_else(running);
    }
}

/// The item that the rule's trigger would make now. A delay that just ran out is no obstacle.
fn fired_now(rules: &RuleSet, view: &View<'_>, rule: &Rule) -> Item {
    let now = view.now;
    let (kind, subscription) = match &rule.when.subject {
        Subject::Property(name) => {
            let value = view.contact.known(name.as_str()).unwrap_or("").to_owned();
            (Kind::Property { name: name.clone(), value }, "contact.propertyChange")
        }
        Subject::ContactCreated => (Kind::Created, "contact.creation"),
        Subject::ContactRestored => (Kind::Restored, "contact.restore"),
        Subject::Nearby(..)
        | Subject::DealCreated
        | Subject::DealAssociated
        | Subject::CompanyAssociated => (Kind::Other, "of a company or deal"),
    };
    let zone = &rules.portal.zone;
    let fired_at = rule.delay.map_or(now, |delay| {
        let at = delay.before(now, zone);
        if now < delay.after(at, zone) { at.minus_ms(HOUR_MS) } else { at }
    });
    let event = Event {
        portal: rules.portal.id,
        contact: view.memory.person.contact,
        kind,
        occurred_at: now,
        subscription_type: subscription.to_owned(),
        source: None,
        source_id: None,
        app: None,
        event_id: None,
    };
    let target = match &rule.action {
        Action::Enroll { target, .. } => Some(target.name.clone()),
        Action::Unenroll { .. } | Action::Split | Action::Nothing => None,
    };
    let item = Item::fired("explain".into(), (rule.id.clone(), rule.mode), event, now);
    Item { fired_at, target, ..item }
}

/// What would have to change for this one to let the contact through.
fn remedies(case: &Case<'_>, stop: &Stop, steps: &[TraceStep]) -> Vec<String> {
    let minute = |at: Timestamp| sentence::minute(at, case.zone());
    // It goes on within a sentence.
    let why = stop.sentence.trim_end_matches('.');
    let one = match (stop.reason, stop.until) {
        (Reason::NoMatch | Reason::NoLongerMatches, _) => return unmatched(case, stop, steps),
        // It would be enrolled, only that the rule watches: that is a switch, not a state.
        (Reason::WouldEnroll | Reason::WouldUnenroll, _) => {
            "the rule is live (mode = \"live\")".to_owned()
        }
        (Reason::CoolingDown, Some(at)) => {
            format!("{} has come: the theme's cooldown, counted from the end", minute(at))
        }
        (Reason::AlreadyEnrolledOnce, Some(at)) => {
            format!("{} has come: re_enroll, counted from the start", minute(at))
        }
        (Reason::AlreadyEnrolledOnce, None) => "re_enroll of the rule allows it again".to_owned(),
        (Reason::AlreadyInTheme | Reason::BlockedByTheme, _) => {
            format!("that is over: {why}")
        }
        // Nothing about the contact moves it into another arm.
        (Reason::ControlGroup, _) => {
            "the rule's split is another one: who is in which arm is fixed".to_owned()
        }
        (Reason::Suppressed, _) => {
            let by = stop.by.as_deref().unwrap_or("the suppression");
            format!("\"{by}\" no longer holds")
        }
        (_, Some(at)) => format!("{} has come: {why}", minute(at)),
        (_, None) => format!("this is mended: {why}"),
    };
    vec![one]
}

/// Steps that ask of the rule, not of the contact, whether it may match at all.
const OF_THE_RULE: [&str; 2] = ["dates", "surroundings"];

/// The trigger's value, or each condition that fails: the trace has them in their order.
fn unmatched(case: &Case<'_>, stop: &Stop, steps: &[TraceStep]) -> Vec<String> {
    let failed = |list: &str, conditions: &[Condition], wish: &str| -> Vec<String> {
        let steps = steps.iter().filter(|step| step.step == list);
        let pairs = steps.zip(conditions).filter(|(step, _)| !step.passed);
        pairs.map(|(_, condition)| format!("{wish}{}", condition.text)).collect()
    };
    let trigger = steps.iter().find(|step| step.step == "when" && !step.passed);
    let says = |step: &&TraceStep| stop.sentence.contains(first_words(&step.detail));
    if let Some(step) = trigger.filter(says) {
        return vec![format!("its trigger fires; now {}", first_words(&step.detail))];
    }
    let mut others = steps.iter().filter(|step| OF_THE_RULE.contains(&step.step.as_str()));
    if let Some(step) = others.find(|step| !step.passed && says(step)) {
        return vec![format!("it is not so that {}", first_words(&step.detail))];
    }
    let mut all = failed("only_if", &case.rule.only_if, "");
    all.extend(failed("unless", &case.rule.unless, "it is not so that "));
    all
}

/// A detail without its place.
fn first_words(detail: &str) -> &str {
    detail.rsplit_once(" (").map_or(detail, |(words, _)| words)
}
