//! Who is due: first those who cannot wait, then rule by rule in turn, the longest waiting of
//! each first, so that an import of one rule does not keep another's fresh event waiting.

use std::collections::BTreeSet;

use super::keys;
use crate::domain::id::ContactId;
use crate::domain::time::Timestamp;
use crate::port::Due;
use crate::store::index::{Index, IndexError};

/// Gathers persons, each once.
#[derive(Default)]
struct Gathered {
    due: Due,
    known: BTreeSet<ContactId>,
}

impl Gathered {
    fn add(&mut self, key: &[u8], limit: usize) {
        if let Some(contact) = keys::contact_of(key)
            && self.due.contacts.len() < limit
            && self.known.insert(contact)
        {
            self.due.contacts.push(contact);
        }
    }

    fn later(&mut self, at: Timestamp) {
        self.due.next = Some(self.due.next.map_or(at, |next| next.min(at)));
    }
}

/// Persons due at `now`, at most `limit`.
pub(super) fn look(index: &impl Index, now: Timestamp, limit: usize) -> Result<Due, IndexError> {
    let mut gathered = Gathered::default();
    for (key, _) in index.range(&[keys::URGENT], &[keys::URGENT], limit + 1)? {
        match keys::due_at(&key) {
            Some(at) if now < at => {
                gathered.later(at);
                break;
            }
            _ => gathered.add(&key, limit),
        }
    }
    let rules = due_rules(index, now, &mut gathered)?;
    let share = limit.div_ceil(rules.len().max(1)) + 1;
    let mut queues = Vec::new();
    for rule in &rules {
        let rows = index.range(rule, rule, share)?.into_iter().map(|(key, _)| key);
        queues.push(rows.filter(|key| is_due(key, now)).collect::<Vec<_>>());
    }
    for turn in 0..share {
        for queue in &queues {
            if let Some(key) = queue.get(turn) {
                gathered.add(key, limit);
            }
        }
    }
    // Within a rule only the first few were looked at: this says when the next one's time comes.
    for (key, _) in index.range(&[keys::DUE], &[keys::DUE], limit + 1)? {
        match keys::due_at(&key) {
            Some(at) if now < at => {
                gathered.later(at);
                break;
            }
            _ => gathered.add(&key, limit),
        }
    }
    Ok(gathered.due)
}

fn is_due(key: &[u8], now: Timestamp) -> bool {
    keys::of_rule_due(key).is_some_and(|(_, at)| at <= now)
}

/// The rules whose items are due, by the part of the key that names them. One look for each rule.
fn due_rules(
    index: &impl Index,
    now: Timestamp,
    gathered: &mut Gathered,
) -> Result<Vec<Vec<u8>>, IndexError> {
    let (mut rules, mut from) = (Vec::new(), vec![keys::RULE_DUE]);
    while let Some((key, _)) = index.range(&[keys::RULE_DUE], &from, 1)?.into_iter().next() {
        let Some((rule, at)) = keys::of_rule_due(&key) else { break };
        if at <= now {
            rules.push(rule.to_vec());
        } else {
            gathered.later(at);
        }
        // Beyond every time of this rule.
        from = [rule, &[u8::MAX; 17]].concat();
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gates::fixture::{World, becomes, event, rule};
    use crate::domain::id::RuleId;
    use crate::domain::rule::Mode;
    use crate::store::index::MemoryIndex;

    /// The contacts due at second 100, `limit` of them; each waiting one is (contact, rule,
    /// second).
    #[track_caller]
    fn check(waiting: &[(u64, &str, u64)], limit: usize, expected: &[u64], next: Option<u64>) {
        let at = |second: u64| Timestamp::from_unix_ms(second * 1_000);
        let index = MemoryIndex::default();
        for (contact, of, second) in waiting {
            let mut world = World::new(vec![rule("inbound", becomes("stage", "mql"), "intro")]);
            world.settled(&event("stage", "mql"));
            world.person.contact = ContactId(*contact);
            world.person.items[0].rule = RuleId::from(*of);
            world.person.items[0].due = Some(at(*second));
            let rows = keys::derived(&world.person).into_iter();
            let rows: Vec<_> = rows.map(|(key, value)| (key, Some(value))).collect();
            index.apply(&rows).expect("memory");
        }
        let due = look(&index, at(100), limit).expect("memory");
        let contacts: Vec<u64> = due.contacts.iter().map(|contact| contact.0).collect();
        assert_eq!(contacts, expected);
        assert_eq!(due.next, next.map(at));
    }

    #[test]
    fn whoever_is_to_be_taken_out_comes_before_everybody_who_is_to_be_enrolled() {
        let at = |second: u64| Timestamp::from_unix_ms(second * 1_000);
        // Of each: whether it takes out, whether it is live, and since when it is due.
        let waiting = [(false, true, 10), (true, false, 20), (true, true, 30), (true, true, 120)];
        let index = MemoryIndex::default();
        for (contact, (exits, live, second)) in (1..).zip(waiting) {
            let mut world = World::new(vec![rule("inbound", becomes("stage", "mql"), "intro")]);
            world.settled(&event("stage", "mql"));
            world.person.contact = ContactId(contact);
            let item = &mut world.person.items[0];
            (item.exits, item.due) = (exits, Some(at(second)));
            item.mode = if live { Mode::Live } else { Mode::DryRun };
            let rows = keys::derived(&world.person).into_iter();
            let rows: Vec<_> = rows.map(|(key, value)| (key, Some(value))).collect();
            index.apply(&rows).expect("memory");
        }
        let contacts = |limit| look(&index, at(100), limit).expect("memory").contacts;
        assert_eq!(contacts(9), [3, 1, 2].map(ContactId));
        assert_eq!(contacts(1), [3].map(ContactId));
    }

    #[test]
    fn rules_take_turns_and_within_a_rule_the_longest_waiting_comes_first() {
        let import = [(1, "import", 10), (2, "import", 20), (3, "import", 30), (4, "import", 40)];
        check(&import, 3, &[1, 2, 3], None);
        let fresh = [&import[..], &[(9, "fresh", 99)]].concat();
        check(&fresh, 3, &[9, 1, 2], None);
        let later = [&import[..], &[(9, "fresh", 101)]].concat();
        check(&later, 9, &[1, 2, 3, 4], Some(101));
    }
}
