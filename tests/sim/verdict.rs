//! The checker's last word: what HubSpot booked against what the records say.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{Hash as _, Hasher as _};

use crate::checker::{Checker, Effect};

const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
/// How long a call may be under way.
const CALL_MS_MAX: i64 = 40 * 1_000;

impl Checker {
    /// Judges everything by what HubSpot booked.
    pub(crate) fn judge(&mut self, effects: &[Effect]) -> u64 {
        let lost: Vec<u64> = self.unseen.keys().copied().collect();
        if !lost.is_empty() {
            self.violation(format!(
                "{} acknowledged deliveries have no record: {lost:?}",
                lost.len()
            ));
        }
        let silent = self.open.values().filter(|open| !open.explained).count();
        if silent != 0 {
            self.violation(format!("{silent} open records explain nothing"));
        }
        self.count(effects);
        self.overlaps(effects);
        self.after_forgetting(effects);
        self.budgets(effects);
        for effect in effects {
            (effect.contact, &effect.target, &effect.inbox, effect.at, effect.ended)
                .hash(&mut self.digest);
        }
        self.digest.finish()
    }

    /// As many enrollments as claims that say so, for each contact and target.
    fn count(&mut self, effects: &[Effect]) {
        let mut booked: BTreeMap<(u64, &str), (usize, usize)> = BTreeMap::new();
        for effect in effects {
            let counted = booked.entry((effect.contact, &effect.target)).or_default();
            if effect.by_api {
                counted.0 += 1;
            } else {
                counted.1 += 1;
            }
            if effect.duplicate {
                self.violation(format!("enrolled twice: {effect:?}"));
            }
        }
        let mut wrong = Vec::new();
        for ((contact, target), (by_api, _)) in &booked {
            let said = self.confirmed.get(&(*contact, (*target).to_owned()));
            let said = said.copied().unwrap_or_default();
            if said.0 + said.1 < *by_api {
                wrong.push(format!(
                    "{target}, contact {contact}: booked {by_api} times, said {said:?}"
                ));
            }
        }
        for ((contact, target), said) in &self.confirmed {
            let (by_api, by_hand) = booked.get(&(*contact, target)).copied().unwrap_or_default();
            if by_api + by_hand < said.0 {
                wrong.push(format!("{target}, contact {contact}: said {said:?}, booked {by_api} and {by_hand} by hand"));
            }
        }
        wrong.sort();
        self.violated(wrong);
    }

    /// No enrollment of ours begins in a theme that is running, or that a running one blocks.
    fn overlaps(&mut self, effects: &[Effect]) {
        let mut of_contact: BTreeMap<u64, Vec<&Effect>> = BTreeMap::new();
        for effect in effects {
            of_contact.entry(effect.contact).or_default().push(effect);
        }
        let mut found = Vec::new();
        for theirs in of_contact.values() {
            for (place, later) in theirs.iter().enumerate().filter(|(_, it)| it.by_api) {
                let Some(theme) = self.law.themes.get(&*later.target) else { continue };
                for earlier in &theirs[..place] {
                    let Some(other) = self.law.themes.get(&*earlier.target) else { continue };
                    let running = earlier.ended.is_none_or(|end| later.at < end);
                    let blocks = self.law.blocks.get(other).is_some_and(|all| all.contains(theme));
                    if running && (other == theme || blocks) && earlier.by_api {
                        found.push(format!("overlap: {earlier:?} and {later:?}"));
                    }
                }
            }
        }
        self.violated(found);
    }

    /// Nobody is enrolled who was forgotten, but by a call that was under way.
    fn after_forgetting(&mut self, effects: &[Effect]) {
        let mut found = Vec::new();
        for effect in effects.iter().filter(|effect| effect.by_api) {
            let forgotten = self.forgotten.get(&effect.contact);
            if forgotten.is_some_and(|at| at + CALL_MS_MAX < effect.at) {
                found.push(format!("enrolled after they were forgotten: {effect:?}"));
            }
        }
        self.violated(found);
    }

    /// No inbox sends more than its budget in any 24 hours of HubSpot's clock.
    fn budgets(&mut self, effects: &[Effect]) {
        let mut windows: BTreeMap<&str, VecDeque<i64>> = BTreeMap::new();
        let mut over = Vec::new();
        let mut fullest: BTreeMap<&str, usize> = BTreeMap::new();
        for effect in effects.iter().filter(|effect| effect.by_api) {
            let Some(inbox) = &effect.inbox else { continue };
            let window = windows.entry(inbox).or_default();
            while window.front().is_some_and(|at| *at + DAY_MS <= effect.at) {
                window.pop_front();
            }
            window.push_back(effect.at);
            let fullest = fullest.entry(inbox).or_default();
            *fullest = window.len().max(*fullest);
            let most = self.law.budgets.get(&**inbox).copied().unwrap_or(0);
            if most < window.len() {
                over.push(format!("{inbox}: {} of {most} in 24 hours: {effect:?}", window.len()));
            }
        }
        self.violated(over);
        let budgets = self.law.budgets.iter();
        self.full = budgets.filter(|(inbox, most)| fullest.get(*inbox) == Some(most)).count();
    }
}
