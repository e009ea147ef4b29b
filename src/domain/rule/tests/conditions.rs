//! Every operator on known and blank values.

use super::{Scene, rule};
use crate::domain::rule::condition::{Condition, Finding};

fn compiled(condition: &str) -> Condition {
    let rule = rule("property = \"text\", changes = true", &format!("only_if = [{condition}]"));
    rule.only_if[0].clone()
}

/// Noon on 2026-11-24 in New York.
fn evaluate(condition: &str, properties: &[(&str, &str)]) -> Finding {
    Scene::of(properties).ask(&compiled(condition))
}

/// A condition on `property`, on these values: those that pass, and those that do not.
#[track_caller]
fn check(property: &str, operator: &str, passing: &[&str], failing: &[&str]) {
    let condition = format!("{{ property = \"{property}\", {operator} }}");
    for (values, expected) in [(passing, true), (failing, false)] {
        for value in values {
            let finding = evaluate(&condition, &[(property, value)]);
            assert_eq!(finding.holds, expected, "{operator} on {value:?}: {}", finding.detail);
        }
    }
    // A missing property is a blank one.
    let missing = evaluate(&condition, &[]);
    let blank = evaluate(&condition, &[(property, " ")]);
    assert_eq!(missing, blank);
}

#[test]
fn text_is_trimmed_and_compared_without_case() {
    check("text", "is = \"Acme\"", &["acme", " ACME "], &["acme inc", ""]);
    check("text", "is_not = \"acme\"", &["other"], &["Acme", "", " "]);
    check("text", "is_not = \"acme\", or_unknown = true", &["other", "", " "], &["Acme"]);
    check("text", "is_any_of = [\"US\", \"@emea\"]", &["us", "de", "FR"], &["GB", ""]);
    check("text", "is_none_of = \"@emea\"", &["US"], &["fr", ""]);
    check("text", "is_none_of = \"@emea\", or_unknown = true", &["US", ""], &["fr"]);
    check("text", "contains = \"sales\"", &["Head of Sales"], &["Marketing", ""]);
    check("text", "does_not_contain = \"sales\"", &["Marketing"], &["Head of Sales", ""]);
    check("text", "does_not_contain = \"sales\", or_unknown = true", &["CEO", ""], &["Sales"]);
    check("text", "starts_with = \"head\"", &["Head of Sales"], &["Ahead", ""]);
    check("text", "ends_with = \"SALES\"", &["head of sales "], &["sales head", ""]);
    check("text", "is_like = \"head*sales\"", &["Head of Sales"], &["head of sale", ""]);
    check("text", "is = \"Acme\", exact_case = true", &[" Acme "], &["acme", ""]);
    check("text", "is = 80", &["80"], &["80.0", ""]);
    check("text", "is = \"straße\"", &["STRAßE"], &["strasse"]);
}

#[test]
fn numbers_are_compared_as_decimals() {
    check("score", "is = 80", &["80", "80.0", "8e1", " 080 "], &["80.01", "eighty", ""]);
    check("score", "is_not = 80", &["81"], &["80.0", "eighty", ""]);
    check("score", "is_not = 80, or_unknown = true", &["81", "", "eighty"], &["8e1"]);
    check("score", "is_any_of = [1, \"2.50\"]", &["1.0", "2.5"], &["3", ""]);
    check("score", "is_none_of = [1, 2]", &["3"], &["2.0", ""]);
    check("score", "is_at_least = 0.3", &["0.3", "0.30", "1e3"], &["0.29", "-1", ""]);
    check("score", "is_at_most = 80", &["80.0", "-5"], &["80.1", ""]);
    check("score", "is_more_than = 80", &["80.1"], &["80", "8e1", ""]);
    check("score", "is_less_than = 80", &["79.9"], &["80", ""]);
    check("score", "is_between = [1, 5]", &["1", "5.0", "2"], &["0.9", "5.1", ""]);
}

#[test]
fn an_option_is_exact_and_a_bool_can_be_blank() {
    check("stage", "is = \"lead\"", &["lead", " lead "], &["Lead", ""]);
    check("stage", "is_none_of = [\"lead\"]", &["Lead", "mql"], &["lead", ""]);
    check("stage", "is_not = \"lead\", or_unknown = true", &["mql", ""], &["lead"]);
    check("vip", "is = true", &["true", "TRUE"], &["false", "", "1"]);
    check("vip", "is = false", &["false"], &["true", "", "0"]);
}

#[test]
fn a_multi_checkbox_is_a_set() {
    check("topics", "contains_any_of = [\"a\", \"b\"]", &["a", "c; b"], &["c", ";", ""]);
    check("topics", "contains_all_of = [\"a\", \"b\"]", &["b;a;c", "a ; b"], &["a", ""]);
    check("topics", "contains_none_of = [\"a\"]", &["b;c"], &["b;a", ""]);
    check("topics", "contains_none_of = [\"a\"], or_unknown = true", &["b", ""], &["a"]);
    check("topics", "is_exactly = [\"a\", \"b\"]", &["b;a", "a;b;a"], &["a", "a;b;c", ""]);
}

#[test]
fn dates_are_compared_in_the_portals_zone() {
    check("born", "is = 2026-11-24", &["2026-11-24", "1795478400000"], &["2026-11-25", "soon", ""]);
    check("seen", "is = 2026-11-24", &["2026-11-25T04:59:00Z"], &["2026-11-25T05:00:00Z", ""]);
    check(
        "seen",
        "is_before = 2026-11-24",
        &["2026-11-24T04:59:00Z"],
        &["2026-11-24T05:00:00Z", ""],
    );
    check("seen", "is_on_or_after = 2026-11-24T17:00:00Z", &["1795539600000"], &["1795539599999"]);
    check(
        "seen",
        "is_within_last = \"14 days\"",
        &["2026-11-11T00:00:00Z"],
        &["2026-11-01T00:00:00Z", ""],
    );
    check(
        "seen",
        "is_within_next = \"2 hours\"",
        &["2026-11-24T18:59:00Z"],
        &["2026-11-24T19:01:00Z", ""],
    );
    check(
        "seen",
        "is_more_than_ago = \"180 days\"",
        &["2026-01-01T00:00:00Z"],
        &["2026-11-01T00:00:00Z", ""],
    );
    check("born", "is_more_than_ahead = \"1 day\"", &["2026-11-26"], &["2026-11-25", ""]);
    check("born", "is_between = [2026-11-01, 2026-11-30]", &["2026-11-30"], &["2026-12-01", ""]);
}

#[test]
fn known_and_unknown_are_opposites() {
    check("text", "is_known = true", &["x", "0"], &["", "  "]);
    check("text", "is_unknown = true", &["", "  "], &["x"]);
}

#[track_caller]
fn check_domain(list: &str, email: &str, expected: bool) {
    let condition = format!("{{ email_domain = \"{list}\" }}");
    let finding = evaluate(&condition, &[("email", email)]);
    assert_eq!(finding.holds, expected, "{email}: {}", finding.detail);
}

#[test]
fn email_domains_include_sub_domains_and_nothing_else() {
    check_domain("rivals", "ann@rival.com", true);
    check_domain("rivals", "ann@EU.Rival.com.", true);
    check_domain("rivals", "ann@notrival.com", false);
    check_domain("rivals", "ann@rival.com.example", false);
    check_domain("rivals", "ann", false);
    check_domain("rivals", "", false);
    check_domain("free-mail", "ann@gmail.com", true);
    check_domain("free-mail", "ann@bigco.example", false);
}

#[track_caller]
fn check_group(group: &str, expected: bool) {
    let (yes, no) = ("{ property = \"text\", is = \"x\" }", "{ property = \"text\", is = \"y\" }");
    let condition = group.replace('Y', yes).replace('N', no);
    let found = evaluate(&condition, &[("text", "x")]);
    assert_eq!(found.holds, expected, "{group}");
}

#[test]
fn groups_combine() {
    check_group("{ any = [N, Y] }", true);
    check_group("{ any = [N, N] }", false);
    check_group("{ all = [Y, Y] }", true);
    check_group("{ all = [Y, N] }", false);
    check_group("{ none = [N, N] }", true);
    check_group("{ none = [N, Y] }", false);
    check_group("{ all = [Y, { none = [N, { any = [N] }] }] }", true);
}

#[track_caller]
fn check_detail(operator: &str, value: &str, expected: &str) {
    let property = expected.split(' ').next().expect("a name");
    let condition = format!("{{ property = \"{property}\", {operator} }}");
    let finding = evaluate(&condition, &[(property, value)]);
    assert_eq!(finding.detail, expected);
}

#[test]
fn the_finding_shows_the_actual_value() {
    let us = "is_any_of = [\"US\", \"CA\"]";
    check_detail(us, "FR", "text is \"FR\", not one of \"US\", \"CA\"");
    check_detail(us, "US", "text is \"US\", one of \"US\", \"CA\"");
    check_detail(us, "", "text is unknown");
    check_detail("is = \"a\"", "b", "text is \"b\", not \"a\"");
    check_detail("is = \"a\"", "a", "text is \"a\"");
    check_detail("does_not_contain = \"a\"", "cab", "text is \"cab\", which contains \"a\"");
    check_detail("is_at_least = 80", "79.5", "score is \"79.5\", not at least 80");
    let not_a_number = "score is \"high\", which is not a number: taken as unknown";
    check_detail("is_at_least = 80", "high", not_a_number);
    let topics = "topics is \"c\", which contains none of \"a\", \"b\"";
    check_detail("contains_any_of = [\"a\", \"b\"]", "c", topics);
    let seen = "seen is \"2026-01-01T00:00:00Z\", not within the last 14 days";
    check_detail("is_within_last = \"14 days\"", "2026-01-01T00:00:00Z", seen);
    let many: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    let list = format!("is_any_of = [{}]", many.join(", "));
    check_detail(&list, "99", "score is \"99\", not one of 0, 1, 2, 3, 4, 5, 6, 7 and 4 more");
}

#[test]
fn a_condition_reads_as_a_sentence() {
    let text = |condition: &str| compiled(condition).text;
    assert_eq!(text("{ property = \"text\", is_any_of = \"@emea\" }"), "text is any of \"@emea\"");
    let group =
        "{ none = [{ property = \"score\", is_at_least = 80 }, { email_domain = \"rivals\" }] }";
    assert_eq!(text(group), "none of (score is at least 80; email domain is in \"rivals\")");
}
