//! Companies, deals, lists, consent and splits, on the data of a test.

use super::{RULES, file};
use crate::domain::rule::{RuleFile, compile};
use crate::domain::suite::{Outcome, SuiteReport, run};

/// Beside the rules of every test.
const MORE: &str = r#"
[subscriptions.education]
id = 5
require = "subscribed"
[subscriptions.news]
id = 6
require = "not-opted-out"
[workflows.course]
id = 31
theme = "nurture"
holds_for = "45 days"
subscription = "education"
[workflows.letter]
id = 32
theme = "nurture"
holds_for = "45 days"
subscription = "news"
[teams.same]
members = ["dana", "luis"]
same_company = "same-sender"
[hubspot_lists.legal]
id = 9

[[suppress]]
id = "legal"
says = "On the legal list"
if = [{ in_list = "legal" }]
[[suppress]]
id = "customers"
says = "A customer"
if = [{ company = "subscriptions", is_at_least = 1 }]
themes = ["sales"]

[[rule]]
id = "lost"
says = "A lost deal is tried again"
mode = "live"
when = { deal = "dealstage", becomes_any_of = ["lost", "gone"], contacts = "all" }
only_if = [{ deal = "amount", which = "trigger", is_at_least = 5000 }]
unless = [{ deal = "hs_is_closed", which = "open", is_known = true }]
delay = "90 days"
enroll = { sequence = "revival", sender = ["deal-owner", "contact-owner"] }

[[rule]]
id = "grown"
says = "A company that grows is written to by one person"
mode = "live"
when = { company = "size", rises_to = 50, contacts = "primary" }
enroll = { sequence = "intro", sender = ["company-owner", "team:same"] }
limits = { per_company = 2, on_limit = "skip" }

[[rule]]
id = "opened"
says = "A deal opened"
mode = "live"
when = { event = "deal-created", contacts = "all" }
enroll = { workflow = "letter" }

[[rule]]
id = "handed-over"
says = "Whoever dana takes over gets the course"
mode = "live"
when = { property = "hubspot_owner_id", becomes = "dana" }
enroll = { workflow = "course" }

[[rule]]
id = "came-back"
says = "Two texts are compared"
mode = "live"
when = { property = "visit", changes = true }
split = [
  { name = "mail", percent = 14, sequence = "intro", sender = ["team:sdr"] },
  { name = "course", percent = 30, workflow = "drip" },
  { name = "control", percent = 56, nothing = true },
]
"#;

fn report(tests: &str) -> SuiteReport {
    let files: Vec<RuleFile> =
        vec![file("rules.toml", RULES), file("more.toml", MORE), file("a.test.toml", tests)];
    let compiled = compile(&files);
    let rules = compiled.rules.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    run(&rules, &files)
}

/// Every test of `tests` passes, and a copy with another expectation does not.
#[track_caller]
fn passes(tests: &str) {
    let report = report(tests);
    assert_eq!(report.diagnostics, []);
    assert!(!report.results.is_empty());
    for result in &report.results {
        assert_eq!(result.outcome, Outcome::Passed, "{} {:?}", result.place, result.row);
    }
}

fn test(contact: &str, rest: &str) -> String {
    format!(
        "[[test]]\nsays = \"s\"\nat = 2026-11-24T10:00:00-05:00\n\
         contact = {{ email = \"ann@bigco.example\", firstname = \"Ann\", owner = \"luis\"{contact} }}\n{rest}\n"
    )
}

#[test]
fn a_deal_starts_a_rule_and_its_owner_sends() {
    passes(&test(
        "",
        r#"
event = { deal = "dealstage", from = "open", to = "lost" }
deals = [{ amount = "9000", hs_is_closed = "true", owner = "dana", trigger = true }]
rows = [
  { expect = { decision = "wait", reason = "delayed", rule = "lost" } },
  { deals = [{ amount = "4999", trigger = true }], expect = { reason = "no-match" } },
  { deals = [{ amount = "9000", dealstage = "open", trigger = true }], expect = { reason = "no-longer-matches" } },
  { event = { deal = "dealstage", from = "gone", to = "lost" }, expect = { reason = "no-match" } },
  { event = { deal = "dealstage", to = "lost" }, expect = { reason = "delayed" } },
  { event = { deal = "amount", to = "1" }, expect = { reason = "not-watched" } },
  { event = { property = "dealstage", to = "lost" }, expect = { reason = "not-watched" } },
]"#,
    ));
    passes(&test(
        "",
        r#"
event = { deal = "dealstage", from = "open", to = "lost" }
deals = [{ amount = "9000", hs_is_closed = "true", owner = "dana", trigger = true }]
then = [{ later = "90 days", expect = { decision = "enroll", into = "revival", sender = "dana" } }]"#,
    ));
    passes(&test(
        "",
        r#"
event = { deal = "dealstage", from = "open", to = "lost" }
deals = [{ amount = "9000", hs_is_closed = "true", trigger = true }]
then = [
  { later = "89 days", expect = { reason = "delayed" } },
  { later = "90 days", deals = [{ amount = "9000", hs_is_closed = "true", trigger = true }, { hs_is_closed = "false" }], expect = { reason = "no-longer-matches" } },
]"#,
    ));
    passes(&test(
        "",
        r#"
event = { event = "deal-created" }
expect = { decision = "enroll", rule = "opened" }"#,
    ));
    passes(&test(
        "",
        r#"
event = { event = "company-associated" }
expect = { reason = "not-watched" }"#,
    ));
}

#[test]
fn a_company_hears_from_one_person_and_not_too_often() {
    passes(&test(
        "",
        r#"
event = { company = "size", from = "49", to = "50" }
company = { name = "BigCo" }
rows = [
  { expect = { decision = "enroll", rule = "grown", sender = "dana" } },
  { company = { owner = "luis" }, expect = { sender = "luis" } },
  { company = { owner = "kim" }, expect = { sender = "dana" } },
  { company = { sender = "luis" }, expect = { sender = "luis" } },
  { company = { sender = "luis" }, used = { luis = 2 }, expect = { decision = "wait", reason = "budget-exhausted" } },
  { enrolled = { grown = 1 }, expect = { decision = "enroll" } },
  { enrolled = { grown = 2 }, expect = { decision = "skip", reason = "company-limit" } },
  { company = { subscriptions = "1" }, expect = { reason = "suppressed", by = "customers" } },
  { company = { subscriptions = "0" }, expect = { decision = "enroll" } },
  { company = { size = "40" }, expect = { reason = "no-longer-matches" } },
  { event = { company = "size", from = "50", to = "51" }, expect = { reason = "no-match" } },
  { in_lists = ["legal"], expect = { reason = "suppressed", by = "legal" } },
]"#,
    ));
}

#[test]
fn consent_is_asked_as_the_subscription_requires_it() {
    passes(&test(
        "",
        r#"
event = { property = "hubspot_owner_id", from = "1002", to = "1001" }
rows = [
  { contact = { owner = "dana" }, expect = { reason = "no-consent" } },
  { contact = { owner = "dana" }, consent = { education = "subscribed" }, expect = { decision = "enroll", into = "course" } },
  { contact = { owner = "dana" }, consent = { education = "unsubscribed" }, expect = { reason = "no-consent" } },
  { contact = { owner = "luis" }, consent = { education = "subscribed" }, expect = { reason = "no-longer-matches" } },
]"#,
    ));
    passes(&test(
        "",
        r#"
event = { event = "deal-created" }
rows = [
  { expect = { decision = "enroll", into = "letter" } },
  { consent = { news = "unknown" }, expect = { decision = "enroll" } },
  { consent = { news = "subscribed" }, expect = { decision = "enroll" } },
  { consent = { news = "unsubscribed" }, expect = { decision = "skip", reason = "no-consent" } },
]"#,
    ));
}

#[test]
fn the_same_person_is_always_in_the_same_arm() {
    passes(&test(
        "",
        r#"
event = { property = "visit", from = "1", to = "2" }
rows = [
  { contact = { id = "5" }, expect = { decision = "enroll", into = "intro", arm = "mail" } },
  { contact = { id = "1" }, expect = { decision = "enroll", into = "drip", arm = "course" } },
  { contact = { id = "4" }, expect = { decision = "skip", reason = "control-group", arm = "control" } },
  { contact = { id = "1" }, already = [{ in = "drip", started = "3 days ago" }], expect = { decision = "skip", reason = "already-in-theme" } },
]"#,
    ));
}

#[test]
fn the_data_around_a_contact_is_checked() {
    let wrong = |rest: &str, message: &str| {
        let event = "event = { event = \"deal-created\" }\nexpect = {}\n";
        let report = report(&test("", &format!("{event}{rest}")));
        let found =
            report.diagnostics.iter().any(|it| it.line == 7 && it.message.contains(message));
        assert!(found, "{rest}: {:?}", report.diagnostics);
    };
    wrong("in_lists = [\"legl\"]", "\"legl\" is not defined");
    wrong("consent = { educaton = \"subscribed\" }", "\"educaton\" is not defined");
    wrong("consent = { education = \"yes\" }", "is not known");
    wrong("company = { size = 50 }", "size is not a text");
    wrong("company = { sender = \"dan\" }", "\"dan\" is not defined");
    wrong("deals = [{ amount = \"1\" }]", "no deal says that the event is its own");
    wrong("deals = [{ trigger = true }, { trigger = true }]", "two deals say that");
    wrong("recent = { opend = 1 }", "\"opend\" is not defined");
    wrong("breaker = { opened = \"shut\" }", "is not known");
    wrong("enrolled = { opened = \"2\" }", "opened is a text");
}

#[test]
fn a_test_file_without_tests_is_a_mistake() {
    let report = report("# Nothing yet.\n");
    let [only] = report.diagnostics.as_slice() else { panic!("{report:?}") };
    assert_eq!(only.message, "the file holds no tests.");
}
