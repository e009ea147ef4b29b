//! CONSISTENCY.md 6.1, 6.3 and 6.4: each fails when its rule is taken out.

use super::{check, mql, skips, verdict, world};
use crate::domain::claim::{Channel, State};
use crate::domain::contact::Contact;
use crate::domain::gates::fixture::{World, changes, claim, contact, event, nurture, rule, target};
use crate::domain::id::RuleId;
use crate::domain::person::Shadow;
use crate::domain::reason::{Decision, Reason};
use crate::domain::rule::span::Span;
use crate::domain::rule::{Mode, Rule};
use crate::domain::time::{DAY_MS, Timestamp};

/// CONSISTENCY.md 6.1.
#[test]
fn a_dry_run_rule_never_touches_live_traffic() {
    let mut world = World::new(vec![
        Rule {
            priority: 1,
            mode: Mode::DryRun,
            ..rule("watch", changes("lifecyclestage"), "revival")
        },
        Rule {
            priority: 2,
            mode: Mode::DryRun,
            ..rule("watch-2", changes("lifecyclestage"), "intro")
        },
        mql(),
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let reasons: Vec<(&str, Reason)> = plan
        .rows
        .iter()
        .map(|row| (row.rule.as_ref().expect("a rule").as_str(), row.reason))
        .collect();
    assert_eq!(reasons, [("watch-2", Reason::Outranked), ("watch", Reason::WouldEnroll)]);
    assert_eq!(plan.enroll.map(|it| it.rule), Some(RuleId::from("inbound")));
    assert_eq!(plan.shadows.len(), 1);
}

/// CONSISTENCY.md 6.1.
#[test]
fn a_shadow_holds_the_theme_for_dry_run_rules_only() {
    let shadowed = |mode: Mode| {
        move |world: &mut World| {
            world.rules.rules[0].mode = mode;
            world.person.shadows = vec![Shadow {
                rule: "watch".into(),
                theme: "sales".into(),
                target: "revival".into(),
                at: world.now.minus_ms(DAY_MS),
                holds_until: world.now.plus_ms(DAY_MS),
            }];
        }
    };
    skips(shadowed(Mode::DryRun), Reason::AlreadyInTheme);
    check(shadowed(Mode::Live), Decision::Enroll, Reason::Matched);
}

/// CONSISTENCY.md 6.3.
#[test]
fn of_two_themes_due_together_the_blocking_one_goes_first() {
    let mut world = World::new(vec![
        Rule { priority: 1, ..nurture("soft", changes("lifecyclestage")) },
        Rule { priority: 900, ..mql() },
    ]);
    world.settled(&event("lifecyclestage", "mql"));
    let plan = world.decide();
    let intent = plan.enroll.expect("one enrollment");
    assert_eq!(intent.rule, RuleId::from("inbound"));
    assert!(plan.rows.is_empty(), "the other one is decided next: {:?}", plan.rows);
    assert_eq!(world.person.items.len(), 2);
    // The first is reserved: the second decision sees it, whatever its state.
    let mut reserved = claim((intent.theme.as_str(), intent.target), world.now, None);
    reserved.state = State::Reserved;
    world.person.claims = vec![reserved];
    world.person.items.retain(|item| item.id != intent.item);
    let row = verdict(&mut world);
    assert_eq!(row.reason, Reason::BlockedByTheme);
    assert_eq!(row.sentence, "In intro; sales silences nurture.");
}

fn seen_latest(id: &str, enrolled: &str, ended: &str) -> Contact {
    contact(&[
        ("hs_latest_sequence_enrolled", id),
        ("hs_latest_sequence_enrolled_date", enrolled),
        ("hs_latest_sequence_ended_date", ended),
        ("hs_sequences_is_enrolled", "false"),
    ])
}

/// CONSISTENCY.md 6.4.
#[test]
fn a_claim_ends_only_on_evidence_that_names_it() {
    // Ours began on 20 November at 10:00.
    let ends = |contact: Contact, ended: Option<&str>| {
        let mut world = world();
        let began = Timestamp::parse_rfc3339("2026-11-20T10:00:00Z").expect("valid");
        let ours = target(Channel::Sequence, "intro");
        world.person.claims = vec![claim(("sales", ours), began, None)];
        world.contact = contact;
        let shown = format!("{:?}", world.contact.properties);
        let plan = world.decide();
        let got = plan.claims.first().map(|claim| match &claim.state {
            State::Confirmed { ended_at: Some(at), .. } => at.to_string(),
            state => format!("{state:?}"),
        });
        assert_eq!(got.as_deref(), ended, "{shown}");
    };
    // Nothing, a lagging false, and last month's dates.
    ends(contact(&[]), None);
    ends(contact(&[("hs_sequences_is_enrolled", "false")]), None);
    ends(seen_latest("11", "2026-10-01T10:00:00Z", "2026-10-08T10:00:00Z"), None);
    ends(seen_latest("11", "2026-11-20T10:00:01Z", "2026-10-08T10:00:00Z"), None);
    ends(seen_latest("11", "2026-11-20T09:57:59Z", "2026-11-22T10:00:00Z"), None);
    ends(seen_latest("12", "2026-11-19T10:00:00Z", "2026-11-22T10:00:00Z"), None);
    // Ours, within two minutes; or a later one.
    let end = Some("2026-11-22T10:00:00.000Z");
    ends(seen_latest("11", "2026-11-20T09:58:00Z", "2026-11-22T10:00:00Z"), end);
    ends(seen_latest("12", "2026-11-22T10:00:00Z", ""), end);
}

#[test]
fn every_sequence_ever_seen_is_remembered() {
    let mut world = world();
    world.contact = seen_latest("11", "2026-08-01T10:00:00Z", "");
    world.decide();
    world.contact = seen_latest("11", "2026-08-01T10:00:00Z", "2026-08-05T10:00:00Z");
    world.decide();
    world.contact = seen_latest("12", "2026-09-01T10:00:00Z", "");
    let seen = world.decide().seen;
    let known: Vec<(u64, bool)> =
        seen.iter().map(|it| (it.sequence.0, it.ended_at.is_some())).collect();
    assert_eq!(known, [(11, true), (12, false)]);
}

/// CONSISTENCY.md 6.12.
#[test]
fn what_waits_for_a_delay_keeps_its_due_time_whatever_a_reload_makes_of_the_delay() {
    let mut world = world();
    world.rules.rules[0].delay = Some(Span::days(90));
    world.settled(&event("lifecyclestage", "mql"));
    let due = verdict(&mut world).until.expect("it waits");
    world.rules.rules[0].delay = Some(Span::days(120));
    world.now = due;
    assert_eq!(verdict(&mut world).reason, Reason::Matched);
}

/// CONSISTENCY.md 6.12.
#[test]
fn a_new_rule_ignores_older_events_and_a_known_one_does_not() {
    let fires = |born: Option<Timestamp>| {
        let mut world = world();
        world.rules.born.extend(born.map(|born| (RuleId::from("inbound"), born)));
        world.take(&event("lifecyclestage", "mql"));
        world.person.items.len() == 1
    };
    let now = world().now;
    assert!(fires(None));
    assert!(fires(Some(now)));
    assert!(fires(Some(now.plus_ms(120_000))), "HubSpot's clock may be behind");
    assert!(!fires(Some(now.plus_ms(120_001))));
}
