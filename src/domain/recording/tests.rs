use std::sync::Arc;

use super::*;
use crate::domain::breaker::Fires;
use crate::domain::claim::{Channel, Claim, Target};
use crate::domain::decide::decide;
use crate::domain::event::Kind;
use crate::domain::gates::fixture;
use crate::domain::id::{OwnerId, PortalId, UserId};
use crate::domain::intake::{Incoming, judge};
use crate::domain::record::Taken;
use crate::domain::rule::{RuleFile, compile};
use crate::domain::suite::{self, Outcome};
use crate::domain::time::{DAY_MS, MINUTE_MS};
use crate::domain::view::{Counters, Memory, View};

const NOW: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);
const ANN: ContactId = ContactId(51_000_051);

const RULES: &str = r#"
[portal]
id = 7
time_zone = "America/New_York"
[themes.sales]
[sequences.intro]
id = 11
theme = "sales"
requires = ["firstname"]
[senders.dana]
email = "dana@acme.com"
daily_budget = 5
[[rule]]
id = "a"
says = "x"
mode = "live"
when = { property = "stage", becomes = "mql" }
only_if = [{ property = "country", is = "US" }]
unless = [{ email_domain = "free-mail" }]
enroll = { sequence = "intro", sender = ["contact-owner"] }
"#;

/// What takes people out, besides [`RULES`].
const EXITS: &str = r#"
[portal.unenroll_bridge]
property = "unenroll_requested"
[themes.nurture]
[workflows.flow]
id = 21
theme = "nurture"
holds_for = "30 days"
[[rule]]
id = "out"
says = "x"
mode = "live"
when = { property = "stage", becomes = "customer" }
unenroll = { themes = ["nurture"] }
[[suppress]]
id = "gone"
says = "x"
if = [{ property = "stage", is = "churned" }]
also_unenroll = true
"#;

fn rules() -> RuleSet {
    compiled(RULES)
}

fn compiled(text: &str) -> RuleSet {
    let file = RuleFile { name: "portal.toml".to_owned(), text: text.to_owned() };
    let compiled = compile(&[file]);
    compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

fn contact(properties: &[(&str, &str)]) -> Contact {
    let usual = [
        ("email", "Ann.Lee@bigco.example"),
        ("firstname", "Ann"),
        ("country", "US"),
        ("stage", "mql"),
        ("hubspot_owner_id", "910091"),
        ("secret", "unnamed"),
    ];
    let all = usual.iter().chain(properties);
    Contact {
        id: ANN,
        properties: all.map(|(name, value)| ((*name).into(), (*value).to_owned())).collect(),
        history: BTreeMap::new(),
        merged: Vec::new(),
    }
}

/// The test of what the rules decide about `contact`, as the journal of it tells.
fn recorded(rules: &RuleSet, contact: &Contact, value: &str) -> Vec<String> {
    recorded_after(rules, Vec::new(), contact, value)
}

/// The same of somebody who is in what `claims` say.
fn recorded_after(
    rules: &RuleSet,
    claims: Vec<Claim>,
    contact: &Contact,
    value: &str,
) -> Vec<String> {
    let event = Event {
        portal: PortalId(7),
        contact: ANN,
        kind: Kind::Property { name: "stage".into(), value: value.to_owned() },
        occurred_at: NOW,
        subscription_type: "contact.propertyChange".to_owned(),
        source: Some("CRM_UI".to_owned()),
        source_id: None,
        app: None,
        event_id: None,
    };
    let mut recording = Recording::new(ANN, None);
    let mut person = Person::new(ANN);
    let mut before = Turn::new(Step::Settled, ANN, NOW.minus_ms(DAY_MS));
    before.claims = claims;
    person.apply_turn(1, &before);
    recording.record(1, &Record::Turn(Box::new(before)));
    let fires = Fires::default();
    let incoming =
        Incoming { event: &event, received: NOW, id: "1.0", duplicate: false, fires: &fires };
    let taken = judge(rules, &person, &incoming);
    person.apply_event(2, &taken);
    let has_items = taken.items.is_some();
    recording.record(2, &Record::Taken(Taken { delivery: 1, at: NOW, events: vec![taken] }));
    if has_items {
        let at = NOW.plus_ms(MINUTE_MS);
        let owner = Owner {
            id: OwnerId(910_091),
            user: Some(UserId(5)),
            email: Some("Dana@acme.com".to_owned()),
            archived: false,
        };
        let mut owners = assumed::owners(rules);
        owners.insert(owner.id, owner.clone());
        let memory = Memory {
            person,
            versions: Vec::new(),
            inboxes: Arc::default(),
            counters: Counters::default(),
        };
        let (memory_seen, owners) = (&memory, &owners);
        let view = View { now: at, contact, memory: memory_seen, owners, around: None };
        let plan = decide(rules, &view);
        let mut turn = Turn::new(Step::Decided, ANN, at);
        turn.viewed = Some(contact.clone());
        turn.owner = Some(owner);
        turn.rows = plan.rows;
        turn.rows.extend(plan.enroll.map(|intent| intent.row));
        recording.record(3, &Record::Turn(Box::new(turn)));
    }
    recording.tests(rules).expect("it can be written")
}

fn outcome(rules: &RuleSet, test: &str) -> Outcome {
    let file = RuleFile { name: "recorded.test.toml".to_owned(), text: test.to_owned() };
    let report = suite::run(rules, &[file]);
    assert_eq!(report.diagnostics, [], "{test}");
    report.results.into_iter().next().expect("one test").outcome
}

#[track_caller]
fn check(properties: &[(&str, &str)], value: &str, decision: &str, changed: (&str, &str)) {
    let rules = rules();
    let test = recorded(&rules, &contact(properties), value).remove(0);
    assert!(test.contains(decision), "{test}");
    assert_eq!(outcome(&rules, &test), Outcome::Passed, "{test}");
    let other = test.replace(changed.0, changed.1);
    assert_ne!(other, test, "{} is not in {test}", changed.0);
    assert!(matches!(outcome(&rules, &other), Outcome::Failed(_)), "{other}");
    for private in ["Ann", "Lee", "bigco", "51000051", "910091", "unnamed", "dana@acme"] {
        assert!(!test.contains(private), "{private} is in {test}");
    }
}

#[test]
fn a_recorded_test_passes_and_fails_when_its_expectation_is_changed() {
    let enroll = "decision = \"enroll\"";
    check(&[], "mql", enroll, (enroll, "decision = \"skip\""));
    check(
        &[],
        "mql",
        "sender = \"dana\"",
        ("into = \"intro\", ", "into = \"intro\", arm = \"x\", "),
    );
    let missing = "reason = \"missing-data\"";
    check(&[("firstname", "")], "mql", missing, (missing, "reason = \"suppressed\""));
    let unmatched = "reason = \"no-match\"";
    check(&[("country", "FR")], "mql", unmatched, (unmatched, "reason = \"matched\""));
    check(&[], "lead", unmatched, ("decision = \"ignore\"", "decision = \"enroll\""));
    let free = "person-";
    check(&[("email", "ann.lee@mail.gmail.com")], "mql", free, (unmatched, "reason = \"matched\""));
}

#[test]
fn whoever_was_taken_out_is_taken_out_of_the_same_in_the_test() {
    let rules = compiled(&[RULES, EXITS].concat());
    let check = |value: &str, reason: &str| {
        let flow = Target { channel: Channel::Workflow, name: "flow".into(), id: 21 };
        let began = NOW.minus_ms(DAY_MS);
        let claim = Claim { contact: ANN, ..fixture::claim(("nurture", flow), began, None) };
        let seen = contact(&[("stage", value)]);
        let test = recorded_after(&rules, vec![claim], &seen, value).remove(0);
        let wanted = format!("decision = \"unenroll\", reason = \"{reason}\"");
        assert!(test.contains(&wanted) && test.contains("from = [\"flow\"]"), "{test}");
        assert_eq!(outcome(&rules, &test), Outcome::Passed, "{test}");
        let other = test.replace("from = [\"flow\"]", "from = [\"intro\"]");
        assert!(matches!(outcome(&rules, &other), Outcome::Failed(_)), "{other}");
    };
    check("customer", "matched");
    check("churned", "suppressed-later");
}

#[test]
fn nothing_decided_is_said_so() {
    let nothing = Recording::new(ANN, Some("a".into())).tests(&rules());
    assert_eq!(nothing, Err(Unwritable::Nothing(" by rule \"a\"".to_owned())));
}
