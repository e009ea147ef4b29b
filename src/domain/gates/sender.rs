//! Who sends: the first usable one of the rule's list, by the budget of their inbox
//! (CONSISTENCY.md 6.9).

use super::{Case, Notes, Passed, Stop, Wanted, away, pace};
use crate::domain::claim::Sender;
use crate::domain::contact::Owner;
use crate::domain::decide::BudgetSeen;
use crate::domain::id::{OwnerId, SenderName, TeamName, UserId};
use crate::domain::queue::Ticket;
use crate::domain::reason::Reason;
use crate::domain::rule::{SenderChoice, SenderSpec, Team, WhenFull};
use crate::domain::sentence;
use crate::domain::surroundings::{self, Surroundings};
use crate::domain::time::Timestamp;
use crate::domain::view::InboxUse;

/// A usable sender, and what was seen of their inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Who.
    pub sender: Sender,
    /// Their budget, and how much of it is used.
    pub budget: BudgetSeen,
}

/// Chooses the sender of a sequence; a workflow has none.
pub fn check(case: &Wanted<'_>, notes: &mut Notes) -> Passed {
    if case.into.senders.is_empty() {
        return Ok(());
    }
    let mut tried = Tried::default();
    if let Some(chosen) = choose(case, case.into.senders, &mut tried) {
        let BudgetSeen { used, budget, .. } = chosen.budget;
        let name = &chosen.sender.name;
        notes.passed("sender", format!("{name} used {used} of {budget} in 24 hours"));
        notes.sender = Some(chosen);
        return Ok(());
    }
    let (detail, stop) = tried.stop(case);
    Err(notes.stop("sender", detail, stop))
}

/// Whom a rule that only watches would take: without a free place, the one it would wait for.
pub fn would_take(case: &Wanted<'_>) -> Option<SenderName> {
    let mut tried = Tried::default();
    let chosen = choose(case, case.into.senders, &mut tried);
    chosen.map(|chosen| chosen.sender.name).or_else(|| tried.waits_for())
}

fn choose<'a>(case: &Case<'a>, choices: &'a [SenderChoice], tried: &mut Tried) -> Option<Chosen> {
    for choice in choices {
        let candidates = match choice {
            SenderChoice::ContactOwner => {
                let id = case.view.contact.owner();
                owned(case, "contact", id, tried).into_iter().collect()
            }
            SenderChoice::CompanyOwner => {
                let company = case.view.around.and_then(|around| around.company.as_ref());
                let id = company.and_then(|company| surroundings::owner(&company.properties));
                owned(case, "company", id, tried).into_iter().collect()
            }
            SenderChoice::DealOwner => {
                let deal = case.view.around.and_then(Surroundings::trigger_deal);
                let id = deal.and_then(|deal| surroundings::owner(&deal.properties));
                owned(case, "deal", id, tried).into_iter().collect()
            }
            SenderChoice::User(name) => case.rules.senders.get(name).into_iter().collect(),
            SenderChoice::Team(team) => rotation(case, team),
        };
        let one_person = !matches!(choice, SenderChoice::Team(_));
        for spec in candidates {
            match usable(case, spec) {
                Ok(chosen) => return Some(chosen),
                Err(Trouble::Full(full)) => {
                    tried.full.push(full);
                    if one_person && spec.when_full == WhenFull::Wait {
                        return None;
                    }
                }
                Err(Trouble::Paced(next)) => {
                    tried.paced.push((spec.name.clone(), pace::words(spec), next));
                    // It is a matter of minutes: an owner's contact does not go to somebody else.
                    if one_person {
                        return None;
                    }
                }
                Err(Trouble::Away(back)) => {
                    tried.back = tried.back.into_iter().chain([back]).min();
                    tried.unusable.push(away::words(case, spec, back));
                }
                Err(Trouble::Paused(error)) => tried.paused.push((spec.name.clone(), error)),
                Err(Trouble::Unusable(why)) => tried.unusable.push(why),
            }
        }
    }
    None
}

/// The owner of the contact, the company or the deal, where they are in `[senders]`.
fn owned<'a>(
    case: &Case<'a>,
    whose: &str,
    id: Option<OwnerId>,
    tried: &mut Tried,
) -> Option<&'a SenderSpec> {
    let Some(id) = id else {
        tried.unusable.push(format!("the {whose} has no owner"));
        return None;
    };
    let Some(owner) = case.view.owners.get(&id) else {
        tried.unusable.push(format!("owner {id} is not known to HubSpot"));
        return None;
    };
    if owner.archived {
        tried.unusable.push(format!("owner {id} is deactivated"));
        return None;
    }
    let spec = case.rules.senders.values().find(|spec| is_inbox(owner, spec));
    if spec.is_none() {
        tried.unusable.push(format!("owner {id} is not in [senders]"));
    }
    spec
}

fn is_inbox(owner: &Owner, spec: &SenderSpec) -> bool {
    owner.email.as_deref().is_some_and(|email| email.trim().to_lowercase() == spec.inbox.as_str())
}

/// Whoever writes to the company already, where one company hears from one person.
fn same_sender<'a>(case: &Case<'a>, team: &Team) -> Option<&'a SenderSpec> {
    let company = case.view.around.and_then(|around| around.company.as_ref());
    let writes = company.and_then(|company| company.sender.as_ref());
    let member = writes.filter(|name| team.same_sender && team.members.contains(name))?;
    case.rules.senders.get(member)
}

/// The members of a team, least used by weight in the last 24 hours first, ties by member order.
fn rotation<'a>(case: &Case<'a>, team: &TeamName) -> Vec<&'a SenderSpec> {
    let Some(team) = case.rules.teams.get(team) else { return Vec::new() };
    if let Some(only) = same_sender(case, team) {
        return vec![only];
    }
    let specs = team.members.iter().filter_map(|name| case.rules.senders.get(name));
    let mut members: Vec<(u64, u64, &SenderSpec)> = specs
        .map(|spec| {
            let used = inbox(case, spec).map_or(0, |inbox| u64::from(inbox.used(case.view.now)));
            let weight = if team.weighted { u64::from(spec.weight.max(1)) } else { 1 };
            (used, weight, spec)
        })
        .collect();
    // used / weight compared without a division; the sort is stable.
    members.sort_by(|(a_used, a_weight, _), (b_used, b_weight, _)| {
        let product = |used: u64, weight: u64| u128::from(used) * u128::from(weight);
        product(*a_used, *b_weight).cmp(&product(*b_used, *a_weight))
    });
    members.into_iter().map(|(_, _, spec)| spec).collect()
}

fn inbox<'a>(case: &Case<'a>, spec: &SenderSpec) -> Option<&'a InboxUse> {
    case.view.memory.inboxes.get(&spec.inbox)
}

enum Trouble {
    Full(Full),
    /// The inbox enrolled a moment ago: when it is this person's turn.
    Paced(Timestamp),
    /// When they are back.
    Away(Timestamp),
    Paused(String),
    Unusable(String),
}

fn usable(case: &Case<'_>, spec: &SenderSpec) -> Result<Chosen, Trouble> {
    let name = &spec.name;
    let owner = case.view.owners.values().find(|owner| is_inbox(owner, spec) && !owner.archived);
    let Some(user_id) = spec.user.or_else(|| owner.and_then(|owner| owner.user)) else {
        return Err(Trouble::Unusable(format!("{name} has no active HubSpot user")));
    };
    if let Some(back) = away::back(case, spec) {
        return Err(Trouble::Away(back));
    }
    let fresh = InboxUse::default();
    let inbox = inbox(case, spec).unwrap_or(&fresh);
    if let Some(error) = &inbox.paused {
        return Err(Trouble::Paused(error.clone()));
    }
    let now = case.view.now;
    let (used, budget) = (inbox.used(now), spec.daily_budget);
    let refused = inbox.full_until.is_some_and(|until| now < until);
    // Whoever comes before and is due too takes a place first.
    let (queues, ticket) = (&case.view.memory.counters.queues, Ticket::of(case.item));
    let due = queues.due_before(name, &ticket, now);
    let taken = used.saturating_add(u32::try_from(due).unwrap_or(u32::MAX));
    let place = || {
        let limits = (budget, spec.pace_ms());
        inbox.place(limits, queues.before(name, &ticket), now)
    };
    if budget <= taken || refused {
        let open_calls = inbox.next_free(budget, now).is_none() && budget <= used && !refused;
        let (name, place) = (name.clone(), place());
        return Err(Trouble::Full(Full { name, used, budget, place, open_calls }));
    }
    if pace::next(spec, inbox, now).is_some() || (0 < spec.pace_ms() && 0 < due) {
        return Err(Trouble::Paced(place()));
    }
    let budget = BudgetSeen { budget, used, pace_ms: spec.pace_ms() };
    Ok(Chosen { sender: sender(spec, user_id), budget })
}

fn sender(spec: &SenderSpec, user: UserId) -> Sender {
    let (name, inbox, alias) = (spec.name.clone(), spec.inbox.clone(), spec.alias.clone());
    Sender { name, inbox, user, alias }
}

struct Full {
    name: SenderName,
    used: u32,
    budget: u32,
    /// When it is this person's turn.
    place: Timestamp,
    /// Only open calls stand in the way: nobody knows when they end.
    open_calls: bool,
}

/// Who was tried, and what stood in the way.
#[derive(Default)]
struct Tried {
    full: Vec<Full>,
    /// Who enrolled a moment ago, in words, and when it is this person's turn.
    paced: Vec<(SenderName, String, Timestamp)>,
    /// When the first of those who are away is back.
    back: Option<Timestamp>,
    paused: Vec<(SenderName, String)>,
    unusable: Vec<String>,
}

impl Tried {
    /// The first one who only has no place now.
    fn waits_for(&self) -> Option<SenderName> {
        let full = self.full.first().map(|full| &full.name);
        full.or_else(|| self.paced.first().map(|(name, _, _)| name)).cloned()
    }

    /// Somebody full: wait for a place. Else somebody paused: a person reconnects the inbox.
    /// Else nobody; who is away is looked at again when they are back.
    fn stop(&self, case: &Case<'_>) -> (String, Stop) {
        if let Some(waits) = self.wait(case) {
            return waits;
        }
        let others = self.unusable.join("; ");
        let Some((name, error)) = self.paused.first() else {
            let stop = Stop::new(Reason::NoSender, sentence::no_sender(&others)).until(self.back);
            return (format!("{others} ({})", case.rule.place), stop);
        };
        let names: Vec<&str> = self.paused.iter().map(|(name, _)| name.as_str()).collect();
        let text = sentence::sender_paused(&names.join(", "), error);
        let mut stop = Stop::new(Reason::SenderPaused, text);
        stop.sender = Some(name.clone());
        (format!("{} paused: {error}", names.join(", ")), stop)
    }

    /// Whoever has only no place now: the wait for the first place there is.
    fn wait(&self, case: &Case<'_>) -> Option<(String, Stop)> {
        let shown: Vec<String> = self
            .full
            .iter()
            .map(|full| format!("{} used {} of {}", full.name, full.used, full.budget))
            .collect();
        let shown = shown.join(", ");
        let full = self.full.iter().map(|full| (full.place, &full.name));
        let paced = self.paced.iter().map(|(name, _, place)| (*place, name));
        let (until, name) = full.chain(paced).min_by_key(|(place, _)| *place)?;
        let (shown, text) = if self.paced.is_empty() {
            let is_known = self.full.iter().any(|full| !full.open_calls);
            let text = sentence::budget_exhausted(&shown, is_known.then_some(until), case.zone());
            (shown, text)
        } else {
            let full = (!shown.is_empty()).then(|| format!("{shown} in 24 hours"));
            let paced = self.paced.iter().map(|(_, words, _)| words.clone());
            let shown = full.into_iter().chain(paced).collect::<Vec<_>>().join(", ");
            let text = sentence::paced(&shown, until, case.zone());
            (shown, text)
        };
        let mut stop = Stop::new(Reason::BudgetExhausted, text).until(Some(until));
        stop.sender = Some(name.clone());
        Some((shown, stop))
    }
}
