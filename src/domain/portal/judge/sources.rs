//! `from_sources` and `not_from_sources`, held against what has arrived: HubSpot's words are an
//! open set, so only what was seen tells a slip.

use super::Question;
use crate::domain::portal::finding::{At, Finding, Sign, Topic};
use crate::domain::rule::suggest::nearest;
use crate::domain::rule::{Mode, Rule, code};

pub(super) fn judge(question: Question<'_>) -> Vec<Finding> {
    let Some(arrivals) = question.arrivals else { return Vec::new() };
    let recent = arrivals.recent_sources();
    if recent.is_empty() {
        return Vec::new();
    }
    let rules = question.rules.rules.iter().filter(|rule| rule.mode != Mode::Off);
    let named = rules.flat_map(|rule| sources(rule).map(move |source| (rule, source)));
    let unseen = named.filter(|(_, source)| !arrivals.came_from(source));
    unseen.map(|(rule, source)| finding(rule, source, &recent)).collect()
}

fn sources(rule: &Rule) -> impl Iterator<Item = &str> {
    let when = &rule.when;
    let named = when.from_sources.iter().flatten().chain(&when.not_from_sources);
    named.map(String::as_str)
}

fn finding(rule: &Rule, source: &str, recent: &[&str]) -> Finding {
    let what = format!(
        "rule \"{}\": changeSource \"{source}\" was never seen here. Seen in 30 days: {}",
        rule.id,
        recent.join(", ")
    );
    let todo = match nearest(source, recent.iter().copied()) {
        Some(near) => format!("write \"{near}\", if that is what is meant"),
        None => "compare it with those, if it is not one that is still to come".to_owned(),
    };
    let found = Finding::with(Topic::Webhooks, Sign::Warn, what, todo);
    found.coded(code::PORTAL_SOURCE, At::Place(rule.place.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::gates::fixture::{NOW, World, changes, event, rule};
    use crate::domain::portal::{Arrivals, Portal, Unread};
    use crate::domain::record::{Record, Taken};
    use crate::domain::rule::trigger::When;
    use crate::domain::time::{DAY_MS, Timestamp};

    /// What a router has that received these, so many days ago each.
    fn arrived(sources: &[(&str, u64)]) -> Arrivals {
        let mut world = World::new(vec![rule("all", changes("stage"), "intro")]);
        let mut arrivals = Arrivals::default();
        for (source, days) in sources {
            let source = Some((*source).to_owned());
            // HubSpot's clock may be far off: what counts is when it came.
            let occurred_at = Timestamp::default();
            let taken = world.take(&Event { occurred_at, source, ..event("stage", "a") });
            assert!(!taken.rows.is_empty(), "every event has its row");
            let at = NOW.minus_ms(days * DAY_MS);
            arrivals.record(&Record::Taken(Taken { delivery: 1, at, events: vec![taken] }));
        }
        arrivals
    }

    fn found(arrivals: Option<&Arrivals>, mode: Mode) -> Vec<String> {
        let names = |list: &[&str]| list.iter().map(|it| (*it).to_owned()).collect();
        let when = When {
            from_sources: Some(names(&["IMPORTS", "FORM"])),
            not_from_sources: names(&["SPACESHIP", "OLD"]),
            ..changes("stage")
        };
        let rules = World::new(vec![Rule { mode, ..rule("a", when, "intro") }]).rules;
        let portal = Portal::unread(&Unread::Untold("nobody asked".to_owned()));
        let question = Question { rules: &rules, portal: &portal, arrivals, by_flow_id: false };
        let found = judge(question);
        let coded = |it: &Finding| matches!(it.code, Some((code::PORTAL_SOURCE, At::Place(_))));
        assert!(found.iter().all(coded), "{found:?}");
        found
            .iter()
            .map(|it| format!("{}; {}", it.what, it.todo.as_deref().unwrap_or("")))
            .collect()
    }

    #[test]
    fn what_never_came_is_named_with_what_came_of_late() {
        let arrivals = arrived(&[("OLD", 40), ("import", 29), ("CRM_UI", 3), ("FORM", 0)]);
        let seen = "was never seen here. Seen in 30 days: CRM_UI, FORM, IMPORT";
        let imports = "write \"IMPORT\", if that is what is meant";
        let spaceship = "compare it with those, if it is not one that is still to come";
        let expected = [
            format!("rule \"a\": changeSource \"IMPORTS\" {seen}; {imports}"),
            format!("rule \"a\": changeSource \"SPACESHIP\" {seen}; {spaceship}"),
        ];
        assert_eq!(found(Some(&arrivals), Mode::DryRun), expected);
        assert_eq!(found(Some(&arrivals), Mode::Off), [""; 0]);
    }

    #[test]
    fn nothing_is_said_where_nothing_is_known() {
        assert_eq!(found(None, Mode::Live), [""; 0]);
        assert_eq!(found(Some(&Arrivals::default()), Mode::Live), [""; 0]);
    }
}
