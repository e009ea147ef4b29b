//! Lints that need more than one key: rules beside each other, the day, the load.

use jiff::civil::date;

use super::*;

/// Rules of one start each: `(id, keys)`.
fn rules(all: &[(&str, &str)]) -> String {
    let one = |(id, keys): &(&str, &str)| {
        let when = if keys.contains("when = ") {
            ""
        } else {
            "when = { property = \"p\", changes = true }\n"
        };
        let to = if keys.contains("enroll") { "" } else { "enroll = { workflow = \"guide\" }\n" };
        format!("[[rule]]\nid = \"{id}\"\nsays = \"s\"\n{when}{to}{keys}\n")
    };
    all.iter().map(one).collect()
}

/// What is said under `code`, each with its line.
fn found(text: &str, code: &str) -> Vec<String> {
    let files = [file("portal.toml", BOOK), file("r.toml", text)];
    let compiled = compile_on(&files, Some(date(2026, 11, 24)));
    assert!(compiled.accepted(), "{:#?}", compiled.diagnostics);
    let found = compiled.diagnostics.into_iter().filter(|found| found.code == code);
    found.map(|found| format!("{}: {}", found.line, found.message)).collect()
}

#[track_caller]
fn check_never(keys: &str, expected: bool) {
    let said = found(&rules(&[("a", keys)]), code::LINT_NEVER);
    assert_eq!(said.len(), usize::from(expected), "{keys}: {said:?}");
}

#[test]
fn conditions_that_exclude_each_other_are_found() {
    let both = |first: &str, second: &str| {
        format!("only_if = [{{ property = \"x\", {first} }}, {{ property = \"x\", {second} }}]")
    };
    for (first, second, never) in [
        ("is = \"a\"", "is = \"b\"", true),
        ("is = \"a\"", "is = \"A \"", false),
        ("is_any_of = [\"a\", \"b\"]", "is_any_of = [\"b\", \"c\"]", false),
        ("is_any_of = [\"a\"]", "is_none_of = [\"a\", \"b\"]", true),
        ("is_any_of = [\"a\", \"c\"]", "is_none_of = [\"a\"]", false),
        ("is_unknown = true", "is = \"a\"", true),
        ("is_unknown = true", "is_known = true", true),
        ("is_unknown = true", "is_not = \"a\", or_unknown = true", false),
        ("is_unknown = true", "is_not = \"a\"", true),
        ("is_at_least = 20", "is_less_than = 20", true),
        ("is_at_least = 20", "is_at_most = 20.0", false),
        ("is_between = [1, 5]", "is_more_than = 5", true),
        ("is_any_of = [1, 2]", "is_more_than = 2", true),
        ("is_any_of = [1, 3]", "is_more_than = 2", false),
        ("contains = \"a\"", "is = \"b\"", false),
    ] {
        check_never(&both(first, second), never);
    }
    check_never(
        "only_if = [{ property = \"x\", is = \"a\" }]\nunless = [{ property = \"x\", is_any_of = [\"a\", \"b\"] }]",
        true,
    );
    check_never(
        "when = { property = \"x\", becomes = \"a\" }\nonly_if = [{ property = \"x\", is = \"b\" }]",
        true,
    );
    check_never(
        "when = { property = \"x\", rises_to = 80 }\nonly_if = [{ property = \"x\", is_less_than = 80 }]",
        true,
    );
    check_never(
        "when = { property = \"x\", becomes = \"a\" }\nonly_if = [{ property = \"x\", is = \"a\" }]",
        false,
    );
}

#[test]
fn two_rules_of_one_way_are_found_unless_nobody_matches_both() {
    let said = found(&rules(&[("a", "priority = 1"), ("b", "priority = 2")]), code::LINT_SAME_WAY);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(
        said[0].starts_with("11: rules \"a\" and \"b\" start from the same change"),
        "{said:?}"
    );
    let apart = rules(&[
        ("a", "priority = 1\nonly_if = [{ property = \"c\", is = \"DE\" }]"),
        ("b", "priority = 2\nonly_if = [{ property = \"c\", is_unknown = true }]"),
    ]);
    assert_eq!(found(&apart, code::LINT_SAME_WAY), [""; 0]);
    let off = rules(&[("a", "mode = \"off\""), ("b", "")]);
    assert_eq!(found(&off, code::LINT_SAME_WAY), [""; 0]);
}

#[test]
fn a_rule_that_a_busier_theme_silences_is_found() {
    let lead = |n: usize| {
        let enroll = "enroll = { sequence = \"inbound-sdr\", sender = [\"contact-owner\"] }";
        format!("mode = \"live\"\n{enroll}\nwhen = {{ property = \"p{n}\", changes = true }}")
    };
    let leads: Vec<(String, String)> = (0..10).map(|n| (format!("a{n}"), lead(n))).collect();
    let mut all: Vec<(&str, &str)> =
        leads.iter().map(|(id, keys)| (id.as_str(), keys.as_str())).collect();
    all.push(("guide", "mode = \"live\""));
    let text = rules(&all);
    let book = BOOK.replace("[themes.sales]", "[themes.sales]\nblocks = [\"nurture\"]");
    let files = [file("portal.toml", book), file("r.toml", text)];
    let compiled = compile(&files);
    let said: Vec<&str> = compiled.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(said, [code::LINT_SILENCED], "{:#?}", compiled.diagnostics);
    assert!(compiled.diagnostics[0].message.contains("10 live rules lead there, 1 here"));
}

#[test]
fn what_is_over_is_found_on_its_day() {
    let files = |ends: &str, holiday: &str| {
        let calendar = format!("[calendars.us]\nholidays = [2026-01-01, {holiday}]\n");
        [
            file("portal.toml", format!("{BOOK}{calendar}")),
            file("r.toml", rule(&format!("ends = {ends}"))),
        ]
    };
    let codes = |files: &[RuleFile], today| -> Vec<String> {
        let found = compile_on(files, today).diagnostics.into_iter();
        let over = [code::LINT_ENDED, code::LINT_CALENDAR_OVER];
        found.filter(|found| over.contains(&found.code)).map(|found| found.message).collect()
    };
    let today = Some(date(2026, 11, 24));
    let old = files("2026-10-15", "2026-12-23");
    assert_eq!(
        codes(&old, today),
        ["calendar \"us\" has no dates after 2026-12-23.", "rule \"r\" ended 40 days ago."]
    );
    assert_eq!(codes(&old, None), [""; 0]);
    assert_eq!(codes(&files("2026-10-25", "2026-12-24"), today), [""; 0]);
}

#[test]
fn a_full_inbox_is_compared_with_its_limit() {
    let book = |limit: u32| {
        BOOK.replace(
            "dana@acme.com\"",
            &format!("dana@acme.com\"\ndaily_budget = 40\nsend_limit = {limit}"),
        )
    };
    let said = |limit| -> Vec<String> {
        let files = [file("portal.toml", book(limit)), file("r.toml", rule(""))];
        let found = compile(&files).diagnostics.into_iter();
        found
            .filter(|found| found.code == code::LINT_SEND_LIMIT)
            .map(|found| found.message)
            .collect()
    };
    assert_eq!(
        said(150),
        [
            "dana: 40 a day × 4 emails ≈ 160 emails a day when full; the send limit you gave for this inbox is 150."
        ]
    );
    assert_eq!(said(160), [""; 0]);
}

#[test]
fn replacing_a_running_sequence_is_pointed_out() {
    let text = rule("on_conflict = \"replace\"");
    let compiled = compile(&[file("portal.toml", BOOK), file("r.toml", text)]);
    assert!(compiled.diagnostics.iter().any(|found| found.code == code::LINT_REPLACE));
}

#[test]
fn rules_whose_triggers_or_conditions_overlap_are_twins() {
    let to_guide = |when: [&str; 2], more: [&str; 2]| {
        let keys: Vec<String> = (0..2)
            .map(|n| format!("when = {}\npriority = {}\n{}", when[n], n + 1, more[n]))
            .collect();
        found(&rules(&[("a", &keys[0]), ("b", &keys[1])]), code::LINT_SAME_WAY).len()
    };
    let starts = |left: &str, right: &str| to_guide([left, right], ["", ""]);
    let one = "{ property = \"p\", becomes = \"x\" }";
    let some = |values: &str| format!("{{ property = \"p\", becomes_any_of = [{values}] }}");
    assert_eq!(starts(one, &some("\"x\", \"y\"")), 1);
    assert_eq!(starts(&some("\"y\", \"x\""), &some("\"x\", \"z\"")), 1);
    assert_eq!(starts(one, &some("\"y\", \"z\"")), 0);
    let rises = |to: u32| format!("{{ property = \"n\", rises_to = {to} }}");
    assert_eq!(starts(&rises(50), &rises(80)), 1);
    assert_eq!(starts(&rises(50), "{ property = \"n\", falls_to = 20 }"), 0);
    let only = |left: &str, right: &str| {
        let key = |condition: &str| format!("only_if = [{condition}]");
        to_guide([one, one], [&key(left), &key(right)])
    };
    let c = |test: &str| format!("{{ property = \"c\", {test} }}");
    assert_eq!(only(&c("is_any_of = [\"x\", \"y\"]"), &c("is_any_of = [\"y\", \"z\"]")), 1);
    assert_eq!(only(&c("is_any_of = [\"x\", \"y\"]"), &c("is = \"z\"")), 0);
    assert_eq!(only(&c("is_at_least = 50"), &c("is_between = [10, 50]")), 1);
    assert_eq!(only(&c("is_more_than = 50"), &c("is_between = [10, 50]")), 0);
    let but = |values: &str| format!("unless = [{}]", c(&format!("is_any_of = [{values}]")));
    let is_x = format!("only_if = [{}]", c("is = \"x\""));
    assert_eq!(to_guide([one, one], [&but("\"x\", \"y\""), &is_x]), 0);
    assert_eq!(to_guide([one, one], [&but("\"y\""), &is_x]), 1);
}
