//! A small hand-built rule set and person for the tests of intake, gates and decisions.

mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use crate::domain::claim::{Channel, Claim, State, Target};
use crate::domain::contact::Contact;
use crate::domain::event::{Event, Kind};
use crate::domain::id::{ContactId, FlowId, PortalId, PropertyName, RuleId, SequenceId, UserId};
use crate::domain::rule::Index;
use crate::domain::rule::check::{Check, Values};
use crate::domain::rule::condition::{Comparison, Condition, Test};
use crate::domain::rule::span::Span;
use crate::domain::rule::timing::Timing;
use crate::domain::rule::trigger::{Change, Subject, When};
use crate::domain::rule::{
    Action, Bridge, Enroll, Exit, Limits, Mode, OnConflict, Place, Portal, ReEnroll, Rule, RuleSet,
    SenderChoice, SenderSpec, Sequence, Suppression, Team, Theme, WhenFull, Workflow,
};
use crate::domain::time::{DAY_MS, MINUTE_MS, Timestamp};

pub(crate) use world::World;

/// Tuesday, 24 Nov 2026, 10:00 in New York.
pub(crate) const NOW: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);
/// The person of these tests.
pub(crate) const ANN: ContactId = ContactId(51);
/// The settle time of the rules.
pub(crate) const SETTLE_MS: u64 = 30_000;

pub(crate) fn place(line: u32) -> Place {
    Place { file: Arc::from("rules.toml"), line }
}

fn theme(blocks: &[&str], cooldown: u32) -> Theme {
    Theme {
        says: String::new(),
        cooldown: Span::days(cooldown),
        blocks: blocks.iter().map(|name| (*name).into()).collect(),
        place: place(1),
        cooldown_place: place(2),
    }
}

fn sender(name: &str, user: u64) -> SenderSpec {
    SenderSpec {
        name: name.into(),
        inbox: format!("{name}@acme.com").into(),
        user: Some(UserId(user)),
        daily_budget: 2,
        send_limit: None,
        when_full: WhenFull::Next,
        weight: 1,
        alias: None,
        pace: None,
        away: Vec::new(),
        time_zone: None,
        place: place(3),
    }
}

/// `lifecyclestage` becomes `mql`.
pub(crate) fn becomes(property: &str, value: &str) -> When {
    When {
        subject: Subject::Property(property.into()),
        change: Change::Becomes(equals(value)),
        from_sources: None,
        not_from_sources: BTreeSet::new(),
    }
}

/// Any change of a property.
pub(crate) fn changes(property: &str) -> When {
    When { change: Change::Any, ..becomes(property, "") }
}

fn equals(value: &str) -> Check {
    Check::Among(Values::Options(vec![value.to_owned()]))
}

/// `{ property, is = value }`.
pub(crate) fn is(property: &str, value: &str) -> Condition {
    let comparison = Comparison {
        property: property.into(),
        check: equals(value),
        negated: false,
        or_unknown: false,
    };
    Condition { text: String::new(), place: place(4), test: Test::Compare(comparison) }
}

/// A live rule into a sequence, sent by the owner, else by the team.
pub(crate) fn rule(id: &str, when: When, sequence: &str) -> Rule {
    Rule {
        id: id.into(),
        was: None,
        says: String::new(),
        mode: Mode::Live,
        when,
        only_if: Vec::new(),
        unless: Vec::new(),
        settle_ms: SETTLE_MS,
        delay: None,
        timing: Timing::default(),
        action: Action::Enroll {
            target: target(Channel::Sequence, sequence),
            theme: "sales".into(),
            senders: vec![SenderChoice::ContactOwner, SenderChoice::Team("sdr".into())],
        },
        priority: 500,
        re_enroll: ReEnroll::Never,
        limits: Limits::default(),
        breaker: None,
        expires: Span::days(7),
        approve_within: Span::days(7),
        on_conflict: OnConflict::Skip,
        wait_up_to: Span::days(14),
        next_if_blocked: false,
        enroll_merged: false,
        tags: Vec::new(),
        owner: None,
        arms: Vec::new(),
        arm: None,
        then_stage: Vec::new(),
        place: place(5),
    }
}

/// A live rule into the nurture workflow.
pub(crate) fn nurture(id: &str, when: When) -> Rule {
    let action = Action::Enroll {
        target: target(Channel::Workflow, "nurture-flow"),
        theme: "nurture".into(),
        senders: Vec::new(),
    };
    Rule { action, ..rule(id, when, "intro") }
}

/// A live suppression of every theme that takes people out.
pub(crate) fn also_unenroll(id: &str, condition: Condition) -> Suppression {
    Suppression {
        id: id.to_owned(),
        says: "They are left alone".to_owned(),
        conditions: vec![condition],
        themes: BTreeSet::new(),
        live: true,
        also_unenroll: true,
        ends: None,
        then_stage: Vec::new(),
        place: place(9),
    }
}

/// A live rule that takes people out, and enrolls into the nurture workflow then where asked.
pub(crate) fn takes_out(id: &str, when: When, exit: Exit, then_nurture: bool) -> Rule {
    let then = then_nurture.then(|| Enroll {
        target: target(Channel::Workflow, "nurture-flow"),
        theme: "nurture".into(),
        senders: Vec::new(),
    });
    Rule { action: Action::Unenroll { exit, then }, ..rule(id, when, "intro") }
}

pub(crate) fn target(channel: Channel, name: &str) -> Target {
    let id = match name {
        "intro" => 11,
        "revival" => 12,
        _ => 21,
    };
    Target { channel, name: name.into(), id }
}

fn flow() -> Workflow {
    Workflow {
        id: FlowId(21),
        theme: "nurture".into(),
        requires: Vec::new(),
        subscription: None,
        holds_for: Span::days(45),
        re_enrolls: None,
        runs_at_least: None,
        via: None,
        marker: None,
        place: place(7),
    }
}

/// Themes `sales` (blocks `nurture`, rests 30 days) and `nurture`; sequences `intro` and
/// `revival`, workflow `nurture-flow`; dana and luis share the team.
pub(crate) fn rules(rules: Vec<Rule>) -> RuleSet {
    let mut rules = rules;
    rules.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    let mut by_property = BTreeMap::<_, Vec<usize>>::new();
    for (index, rule) in rules.iter().enumerate() {
        if let Subject::Property(name) = &rule.when.subject {
            by_property.entry(name.clone()).or_default().push(index);
        }
    }
    let sequence = |id: u64, requires: &[&str]| Sequence {
        id: SequenceId(id),
        theme: "sales".into(),
        emails: 4,
        requires: requires.iter().map(|name| (*name).into()).collect(),
        subscription: None,
        max_length: Span::days(60),
        place: place(6),
    };
    RuleSet {
        fingerprint: "0123456789abcdef".into(),
        portal: Portal {
            id: PortalId(7),
            name: "Acme".to_owned(),
            zone: TimeZone::get("America/New_York").expect("bundled").into(),
            our_domains: BTreeSet::from(["acme.com".to_owned()]),
            ignore_own_app: false,
            breakers: Vec::new(),
            bridge: Some(Bridge {
                property: "unenroll_requested".into(),
                confirm_within_ms: 5 * MINUTE_MS,
            }),
        },
        stale_after_ms: 4 * DAY_MS,
        keep_history: Span::days(400),
        themes: BTreeMap::from([
            ("nurture".into(), theme(&[], 7)),
            ("sales".into(), theme(&["nurture"], 30)),
        ]),
        unknown_sequences: Some("sales".into()),
        sequences: BTreeMap::from([
            ("intro".into(), sequence(11, &["firstname"])),
            ("revival".into(), sequence(12, &[])),
        ]),
        workflows: BTreeMap::from([("nurture-flow".into(), flow())]),
        senders: [sender("dana", 1), sender("luis", 2)]
            .into_iter()
            .map(|spec| (spec.name.clone(), spec))
            .collect(),
        teams: BTreeMap::from([(
            "sdr".into(),
            Team {
                members: vec!["dana".into(), "luis".into()],
                weighted: false,
                same_sender: false,
            },
        )]),
        quiet_periods: Vec::new(),
        waited_for: waited_for(&rules),
        index: Index::of(&rules),
        subscriptions: BTreeMap::new(),
        hubspot_lists: BTreeMap::new(),
        rules,
        suppressions: Vec::new(),
        caps: Vec::new(),
        read_properties: BTreeSet::new(),
        owner_emails: BTreeSet::new(),
        history_properties: BTreeSet::new(),
        by_property,
        born: BTreeMap::new(),
        watched: BTreeMap::new(),
    }
}

/// What `wait_for` of these rules waits for.
fn waited_for(rules: &[Rule]) -> BTreeMap<PropertyName, RuleId> {
    let waits = |rule: &Rule| {
        let wait_for = rule.timing.wait_for.as_ref()?;
        Some((wait_for.property.clone(), rule.id.clone()))
    };
    rules.iter().filter_map(waits).collect()
}

/// Ann's `lifecyclestage` became `mql` at [`NOW`].
pub(crate) fn event(property: &str, value: &str) -> Event {
    Event {
        portal: PortalId(7),
        contact: ANN,
        kind: Kind::Property { name: property.into(), value: value.to_owned() },
        occurred_at: NOW,
        subscription_type: "contact.propertyChange".to_owned(),
        source: None,
        source_id: None,
        app: None,
        event_id: None,
    }
}

/// A contact that `intro` may be sent to, owned by dana.
pub(crate) fn contact(properties: &[(&str, &str)]) -> Contact {
    let usual = [
        ("email", "ann@bigco.example"),
        ("firstname", "Ann"),
        ("hubspot_owner_id", "91"),
        ("lifecyclestage", "mql"),
    ];
    let all = usual.iter().chain(properties);
    Contact {
        id: ANN,
        properties: all.map(|(name, value)| ((*name).into(), (*value).to_owned())).collect(),
        history: BTreeMap::new(),
        merged: Vec::new(),
    }
}

/// A confirmed claim that began `began` and, where known, ended.
pub(crate) fn claim(
    (theme, target): (&str, Target),
    began: Timestamp,
    ended_at: Option<Timestamp>,
) -> Claim {
    Claim {
        id: format!("{theme}.{}", began.unix_ms()).into(),
        contact: ANN,
        theme: theme.into(),
        rule: "some-rule".into(),
        row: "1.0.some-rule".into(),
        target,
        sender: None,
        via: None,
        first_call_at: began,
        last_call_at: began,
        lost_answers: 0,
        holds_until: began.plus_ms(60 * DAY_MS),
        evidence: None,
        state: State::Confirmed { enrolled_at: began, verified: true, enrollment: None, ended_at },
    }
}
