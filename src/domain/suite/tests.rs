mod then_stage;
mod until;

use super::{Outcome, SuiteReport, TestResult, run};
use crate::domain::rule::{RuleFile, compile};

/// A rules folder that needs nothing but what is built.
const RULES: &str = r#"
[portal]
id = 7
time_zone = "America/New_York"
our_domains = ["acme.com"]

[themes.sales]
says = "A person is writing"
cooldown = "30 days"
blocks = ["nurture"]
[themes.nurture]
says = "Marketing is writing"

[sequences.intro]
id = 11
theme = "sales"
requires = ["firstname"]
[sequences.revival]
id = 12
theme = "sales"
[workflows.drip]
id = 21
theme = "nurture"
holds_for = "45 days"

[senders.dana]
email = "dana@acme.com"
daily_budget = 2
[senders.luis]
email = "luis@acme.com"
daily_budget = 2
[teams.sdr]
members = ["dana", "luis"]

[[rule]]
id = "inbound"
says = "A new MQL hears from their owner"
mode = "live"
when = { property = "lifecyclestage", becomes = "mql" }
only_if = [{ property = "country", is = "US" }]
enroll = { sequence = "intro", sender = ["contact-owner", "team:sdr"] }
re_enroll = "after 180 days"
priority = 100

[[rule]]
id = "guide"
says = "Who downloads a guide gets the drip"
mode = "live"
when = { property = "guide", changes = true }
delay = "3 days"
enroll = { workflow = "drip" }
"#;

const ANN: &str = r#"
[[test]]
says = "Ann"
at = 2026-11-24T10:00:00-05:00
contact = { email = "ann@bigco.example", firstname = "Ann", country = "US", owner = "dana" }
event = { property = "lifecyclestage", from = "lead", to = "mql" }
"#;

fn file(name: &str, text: &str) -> RuleFile {
    RuleFile { name: name.to_owned(), text: text.to_owned() }
}

fn report(tests: &str) -> SuiteReport {
    let files = [file("rules.toml", RULES), file("a.test.toml", tests)];
    let compiled = compile(&files);
    let rules = compiled.rules.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
    run(&rules, &files)
}

/// Every test of `tests` passes.
#[track_caller]
fn passes(tests: &str) {
    let report = report(tests);
    assert_eq!(report.diagnostics, []);
    assert!(!report.results.is_empty());
    for result in &report.results {
        assert_eq!(result.outcome, Outcome::Passed, "{:?}", result.row);
    }
}

/// The one test of `tests` fails like this.
#[track_caller]
fn fails(tests: &str, expected: &str, got: &str, because: &str) {
    let report = report(tests);
    assert_eq!(report.diagnostics, []);
    let [result] = report.results.as_slice() else { panic!("one test: {report:?}") };
    let Outcome::Failed(failure) = &result.outcome else { panic!("{result:?}") };
    assert_eq!(
        [failure.expected.as_str(), failure.got.as_str(), failure.because.as_str()],
        [expected, got, because]
    );
}

fn ann(rest: &str) -> String {
    format!("{ANN}{rest}\n")
}

#[test]
fn only_the_named_keys_are_compared() {
    passes(&ann(
        r#"expect = { decision = "enroll", rule = "inbound", into = "intro", sender = "dana", reason = "matched" }"#,
    ));
    passes(&ann(r#"expect = { sender = "dana" }"#));
    passes(&ann(r#"used = { dana = 2 }
expect = { sender = "luis" }"#));
}

#[test]
fn a_row_overrides_keys_and_merges_the_contact() {
    passes(&ann(r#"rows = [
  { expect = { decision = "enroll" } },
  { contact = { firstname = "" }, expect = { decision = "skip", reason = "missing-data" } },
  { contact = { email = "kim@acme.com" }, expect = { reason = "suppressed", by = "own-domain" } },
  { used = { dana = 2, luis = 2 }, expect = { decision = "wait", reason = "budget-exhausted" } },
  { event = { property = "lifecyclestage", from = "mql", to = "mql" }, expect = { reason = "no-match" } },
  { already = [{ in = "revival", started = "3 days ago" }], expect = { reason = "already-in-theme" } },
  { already = [{ sequence_id = 999, started = "3 days ago" }], expect = { reason = "already-in-theme" } },
  { already = [{ in = "revival", started = "40 days ago", ended = "14 days ago" }], expect = { reason = "cooling-down" } },
  { already = [{ in = "intro", started = "100 days ago", ended = "90 days ago" }], expect = { reason = "already-enrolled-once" } },
  { already = [{ in = "intro", started = "100 days ago", ended = "90 days ago", rule = "guide" }], expect = { decision = "enroll" } },
]"#));
}

#[test]
fn the_second_delivery_alone_is_compared() {
    passes(&ann("").replace("to = \"mql\" }", "to = \"mql\", delivered = 2 }\nexpect = { decision = \"ignore\", reason = \"duplicate-event\" }"));
}

#[test]
fn late_merged_and_own_events_go_no_further() {
    let event = |more: &str, reason: &str| {
        let to = format!("to = \"mql\", {more} }}\nexpect = {{ reason = \"{reason}\" }}");
        passes(&ann("").replace("to = \"mql\" }", &to));
    };
    event("occurred = \"5 days ago\"", "stale-event");
    event("occurred = \"2 hours ago\"", "matched");
    event("merged = true", "merged-record");
    event("own = true", "matched");
}

#[test]
fn a_burst_that_comes_back_is_no_change() {
    passes(
        r#"
[[test]]
says = "There and back"
at = 2026-11-24T10:00:00-05:00
contact = { email = "ann@bigco.example" }
events = [
  { property = "guide", from = "a", to = "b" },
  { property = "guide", to = "a", after = "5 seconds" },
]
expect = { decision = "skip", reason = "no-longer-matches" }
"#,
    );
}

#[test]
fn later_moments_count_from_at_and_see_the_contact_of_then() {
    passes(
        r#"
[[test]]
says = "Three days later"
at = 2026-11-24T10:00:00-05:00
contact = { email = "ann@bigco.example", firstname = "Ann" }
event = { property = "guide", from = "", to = "b" }
expect = { decision = "wait", reason = "delayed", until = 2026-11-27T10:00:00-05:00 }
then = [
  { later = "71 hours", expect = { decision = "wait", reason = "delayed" } },
  { later = "3 days", expect = { decision = "enroll", into = "drip", reason = "matched" } },
]

[[test]]
says = "Opted out meanwhile"
at = 2026-11-24T10:00:00-05:00
contact = { email = "ann@bigco.example", firstname = "Ann" }
event = { property = "guide", from = "", to = "b" }
then = [{ later = "3 days", contact = { hs_email_optout = "true" }, expect = { by = "opted-out" } }]

[[test]]
says = "A rep writes meanwhile"
at = 2026-11-24T10:00:00-05:00
contact = { email = "ann@bigco.example", firstname = "Ann" }
already = [{ in = "intro", started = "2 days ago" }]
event = { property = "guide", from = "", to = "b" }
then = [{ later = "3 days", expect = { decision = "skip", reason = "blocked-by-theme" } }]
"#,
    );
}

#[test]
fn a_failure_says_what_made_the_difference_and_where() {
    fails(
        &ann(r#"already = [{ in = "revival", started = "60 days ago", ended = "31 days ago" }]
expect = { decision = "skip", reason = "cooling-down" }"#),
        "decision skip, reason cooling-down",
        "enroll into intro by dana (rule inbound)",
        "theme sales has cooldown \"30 days\" (rules.toml:9); it ended 31 days ago",
    );
    fails(
        &ann("expect = { decision = \"enroll\" }").replace("\"US\"", "\"FR\""),
        "decision enroll",
        "ignore, reason no-match (rule inbound)",
        "country is \"FR\", not \"US\" (rules.toml:40)",
    );
    fails(
        &ann(r#"then = [{ later = "2 days", expect = { into = "drip" } }]"#),
        "after 2 days: into drip",
        "enroll into intro by dana (rule inbound)",
        "Enrolled in intro by dana: rule \"inbound\" matched.",
    );
}

#[test]
fn mistakes_in_tests_have_their_place() {
    let wrong = |tests: &str, line: u32, message: &str| {
        let report = report(tests);
        let found = report.diagnostics.iter().any(|it| {
            it.line == line && it.message.contains(message) && &*it.file == "a.test.toml"
        });
        assert!(found, "{:?}", report.diagnostics);
    };
    wrong(&ann(""), 2, "expects nothing");
    wrong(&ann("expcet = { decision = \"enroll\" }"), 7, "unknown key \"expcet\"");
    wrong(&ann("expect = { decision = \"enrolled\" }"), 7, "is not known");
    wrong(&ann("expect = { rule = \"inbuond\" }"), 7, "\"inbuond\" is not defined");
    wrong(&ann("used = { dan = 1 }\nexpect = {}"), 7, "\"dan\" is not defined");
    wrong(
        &ann("already = [{ in = \"intro\", started = \"soon\" }]\nexpect = {}"),
        7,
        "not a moment",
    );
    wrong(&ann("expect = {}").replace("-05:00", ""), 4, "at needs an offset");
    wrong(&ann("expect = {}").replace("\"Ann\"", "1"), 3, "says is a number");
}

#[test]
fn what_no_test_exercises_is_listed() {
    let uncovered = |tests: &str| -> Vec<String> {
        report(tests).uncovered.into_iter().map(|it| it.what).collect()
    };
    let enrolls = ann("expect = { decision = \"enroll\" }");
    let stopped = enrolls.replace("\"US\"", "\"FR\"");
    let guide = "no test fires rule \"guide\"";
    let found = uncovered(&enrolls);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("no test is stopped by only_if: "), "{found:?}");
    assert_eq!(found[1], guide);
    assert_eq!(uncovered(&format!("{enrolls}{stopped}")), [guide]);
}

#[test]
fn the_example_rules_pass() {
    macro_rules! example {
        ($($name:literal)+) => {
            vec![$(file($name, include_str!(concat!("../../../tests/data/rules-example/", $name)))),+]
        };
    }
    let files = example!(
        "exits.toml" "inbound.test.toml" "inbound.toml" "nurture.toml" "others.test.toml"
        "portal.toml" "reengage.toml" "revival.toml" "suppress.toml" "territory.toml"
        "webinar.toml"
    );
    let rules = compile(&files).rules.expect("the example compiles");
    let report = run(&rules, &files);
    assert_eq!(report.diagnostics, []);
    let each = |it: &TestResult| format!("{} {:?}: {:?}\n", it.place, it.row, it.outcome);
    let each: String = report.results.iter().map(each).collect();
    assert_eq!(report.counts(), (38, 0), "{each}");
}
