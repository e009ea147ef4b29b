//! `marker` of a workflow, and the lint for one that leaves no trace.

use super::*;

/// The codes with what is said of a book whose workflow has `keys`, besides unused destinations.
fn said(keys: &str, more: &str) -> Vec<String> {
    let book = BOOK.replace("[workflows.guide]", &format!("[workflows.guide]\n{keys}"));
    let lock = LOCK.to_owned() + "[contact.ran_on]\ntype = \"date\"\nfield_type = \"date\"\n";
    let files = [
        file(".properties.lock.toml", lock + "[contact.p]\ntype = \"string\"\n"),
        file("portal.toml", book + more),
        file("r.toml", rule("")),
    ];
    let found = compile(&files).diagnostics.into_iter();
    let found = found.filter(|it| it.code != code::LINT_UNUSED);
    found
        .map(|it| format!("{} {} {}", it.code, it.message, it.hint.as_deref().unwrap_or_default()))
        .collect()
}

#[track_caller]
fn check(keys: &str, more: &str, expected: &str) {
    let said = said(keys, more);
    let [only] = said.as_slice() else { panic!("not one finding: {said:#?}") };
    assert!(only.starts_with(expected), "{only}");
}

#[test]
fn a_marker_is_a_property_that_takes_a_date_and_a_time() {
    assert_eq!(said("marker = \"demo_at\"", ""), [""; 0]);
    check(
        "marker = \"demo_a\"",
        "",
        "HR015 property \"demo_a\" does not exist in this portal. Did you mean \"demo_at\"?",
    );
    check(
        "marker = \"country\"",
        "",
        "HR022 marker \"country\" is text. Name a contact property of the type",
    );
    check("marker = \"lead_score\"", "", "HR022 marker \"lead_score\" is a number.");
    check(
        "marker = \"property:demo_at\"",
        "",
        "HR022 marker = \"property:demo_at\" is no property's name. Write marker = \"demo_at\".",
    );
    check("marker = \"Demo at\"", "", "HR022 marker = \"Demo at\" is no property's name.");
    check("marker = 7", "", "HR004");
    // One that takes a day alone is accepted, and said to be poor.
    check(
        "marker = \"ran_on\"",
        "",
        "HR022 marker \"ran_on\" is a date. A second run on the same day would not show.",
    );
    assert!(
        compile(&[
            file(
                "portal.toml",
                BOOK.replace("[workflows.guide]", "[workflows.guide]\nmarker = \"any\"")
            ),
            file("r.toml", rule(""))
        ])
        .accepted()
    );
}

#[test]
fn a_marker_belongs_to_one_workflow_and_nothing_else_writes_it() {
    let other = "[workflows.other]\nid = 21\ntheme = \"nurture\"\nholds_for = \"1 day\"\n";
    let twin = format!("{other}marker = \"demo_at\"\n");
    check(
        "marker = \"demo_at\"",
        &twin,
        "HR009 property \"demo_at\" is stamped for another workflow too.",
    );
    let starts = format!("{other}via = \"property:demo_at\"\n");
    check(
        "marker = \"demo_at\"",
        &starts,
        "HR009 property \"demo_at\" is stamped for the start of a workflow too.",
    );
    let bridge = "[portal.unenroll_bridge]\nproperty = \"demo_at\"\n";
    check(
        "marker = \"demo_at\"",
        bridge,
        "HR009 property \"demo_at\" is stamped for [portal.unenroll_bridge] too.",
    );
}

#[test]
fn a_workflow_that_re_enrolls_leaves_a_trace_or_is_warned_about() {
    check("re_enrolls = true", "", "HR119 guide re-enrolls and may be over at once");
    for keys in [
        "re_enrolls = false",
        "re_enrolls = true\nruns_at_least = \"1 day\"",
        "re_enrolls = true\nmarker = \"demo_at\"",
        "",
    ] {
        assert_eq!(said(keys, ""), [""; 0], "{keys}");
    }
}
