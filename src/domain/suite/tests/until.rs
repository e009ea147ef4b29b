//! `until` of a suppression: its last day in the portal's zone, as `hubroute test` plays it.

use super::{RULES, TestResult, file};
use crate::domain::rule::compile;
use crate::domain::suite::{Outcome, run};

/// Nobody is written to until the end of the year in New York; who complains is taken out.
const MORE: &str = r#"
[[suppress]]
id = "freeze"
says = "The contract is being renewed"
if = [{ property = "renewal", is = "open" }]
until = 2026-12-31
[[suppress]]
id = "complaint"
says = "A complaint is open"
if = [{ property = "complaints", is_at_least = 1 }]
themes = ["nurture"]
also_unenroll = true
until = 2026-12-31
"#;

/// Every test of these is as expected, and with the other expectation none is.
#[track_caller]
fn check(tests: &str, (right, wrong): (&str, &str)) {
    let failed = |expect: &str| {
        let tests = tests.replace("EXPECT", expect);
        let files = [file("rules.toml", &format!("{RULES}{MORE}")), file("a.test.toml", &tests)];
        let compiled = compile(&files);
        let rules = compiled.rules.unwrap_or_else(|| panic!("{:?}", compiled.diagnostics));
        let report = run(&rules, &files);
        assert_eq!(report.diagnostics, []);
        let failed = |it: &&TestResult| matches!(it.outcome, Outcome::Failed(_));
        let failed: Vec<TestResult> = report.results.iter().filter(failed).cloned().collect();
        (report.results.len(), failed)
    };
    assert_eq!(failed(right).1, []);
    let (all, failed) = failed(wrong);
    assert!(0 < all && failed.len() == all, "{failed:?}");
}

#[test]
fn it_holds_to_the_end_of_its_last_day_in_the_portals_zone() {
    let freeze = r#"
        [[test]]
        says = "An MQL while the contract is renewed"
        at = AT
        contact = { email = "ann@bigco.example", firstname = "Ann", country = "US", renewal = "open" }
        event = { property = "lifecyclestage", from = "lead", to = "mql" }
        expect = { EXPECT }
    "#;
    let stopped = "decision = \"skip\", reason = \"suppressed\", by = \"freeze\"";
    let enrolled = "decision = \"enroll\", into = \"intro\"";
    // Settle takes 30 seconds.
    for at in ["2026-12-31T10:00:00-05:00", "2026-12-31T23:59:29-05:00", "2027-01-01T04:59:29Z"] {
        check(&freeze.replace("AT", at), (stopped, enrolled));
    }
    for at in ["2026-12-31T23:59:30-05:00", "2027-01-01T05:00:00Z", "2027-03-01T10:00:00-05:00"] {
        check(&freeze.replace("AT", at), (enrolled, stopped));
    }
}

#[test]
fn who_waits_beyond_its_end_is_let_through() {
    let guide = r#"
        [[test]]
        says = "A guide, and three days later"
        at = AT
        contact = { email = "ann@bigco.example", renewal = "open" }
        event = { property = "guide", to = "pricing" }
        then = [{ later = "3 days", expect = { EXPECT } }]
    "#;
    let (stopped, enrolled) =
        ("reason = \"suppressed\", by = \"freeze\"", "decision = \"enroll\", into = \"drip\"");
    check(&guide.replace("AT", "2026-12-28T23:00:00-05:00"), (stopped, enrolled));
    check(&guide.replace("AT", "2026-12-29T00:00:00-05:00"), (enrolled, stopped));
}

#[test]
fn it_takes_nobody_out_once_it_is_over() {
    let complaint = r#"
        [[test]]
        says = "A complaint of somebody in the drip"
        at = AT
        contact = { email = "ann@bigco.example" }
        already = [{ in = "drip", started = "3 days ago" }]
        event = { property = "complaints", to = "1" }
        expect = { EXPECT }
    "#;
    let left = "decision = \"unenroll\", reason = \"suppressed-later\", by = \"complaint\"";
    let stays = "decision = \"ignore\", reason = \"not-watched\"";
    check(&complaint.replace("AT", "2026-12-31T20:00:00-05:00"), (left, stays));
    check(&complaint.replace("AT", "2027-01-01T00:00:00-05:00"), (stays, left));
}
