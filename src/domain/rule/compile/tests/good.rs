//! Good files: what they compile to.

use super::*;
use crate::domain::rule::model::{Action, ReEnroll, SenderChoice};
use crate::domain::rule::span::Span;
use crate::domain::time::Timestamp;

fn compiled(more: &str) -> RuleSet {
    let files = [file("portal.toml", BOOK), file("r.toml", more)];
    let compiled = compile(&files);
    compiled.rules.unwrap_or_else(|| panic!("{:#?}", compiled.diagnostics))
}

#[test]
fn defaults_are_folded_into_rules() {
    let set = compiled(&format!(
        "[defaults]\nsettle = \"5 seconds\"\nre_enroll = \"when-finished\"\nexpires = \"9 days\"\n{}",
        rule("")
    ));
    let rule = &set.rules[0];
    assert_eq!((rule.settle_ms, rule.priority, rule.mode), (5_000, 500, Mode::DryRun));
    assert_eq!((rule.re_enroll, rule.expires), (ReEnroll::WhenFinished, Span::days(9)));
    assert_eq!(rule.place.to_string(), "r.toml:5");
}

#[test]
fn rules_are_ordered_by_priority_then_id_and_indexed_unless_off() {
    let rule = |id: &str, keys: &str| rule(keys).replace("\"r\"", &format!("\"{id}\""));
    let set = compiled(
        &[
            rule("b", ""),
            rule("a", ""),
            rule("z", "priority = 1\n"),
            rule("off", "mode = \"off\"\n"),
        ]
        .concat(),
    );
    let ids: Vec<&str> = set.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["z", "a", "b", "off"]);
    assert_eq!(set.by_property["p"], [0, 1, 2]);
    assert!(set.history_properties.contains("p") && set.read_properties.contains("p"));
}

#[test]
fn everything_a_decision_looks_at_is_read() {
    let set = compiled(
        "[[suppress]]\nid = \"s\"\nsays = \"s\"\nif = [{ property = \"seen\", is_known = true }]\n\
         [[rule]]\nid = \"r\"\nsays = \"s\"\nwhen = { property = \"p\", changes = true }\n\
         only_if = [{ any = [{ property = \"deep\", is = 1 }, { email_domain = \"free-mail\" }] }]\n\
         enroll = { sequence = \"extra\", sender = [\"user:dana\", \"team:sdr-us\"] }\n\
         [sequences.extra]\nid = 99\ntheme = \"sales\"\nrequires = [\"firstname\"]\n",
    );
    for name in ["p", "deep", "seen", "firstname", "email", "hs_email_optout"] {
        assert!(set.read_properties.contains(name), "{name}");
    }
    assert_eq!(set.unknown_sequences.as_ref().map(ThemeName::as_str), Some("sales"));
    let Action::Enroll { target, theme, senders } = &set.rules[0].action else { panic!() };
    assert_eq!((target.id, theme.as_str()), (99, "sales"));
    let wanted = [SenderChoice::User("dana".into()), SenderChoice::Team("sdr-us".into())];
    assert_eq!(senders, &wanted);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_accepted() {
    let text = format!("\u{feff}{}", rule("prioirty = 1\n")).replace('\n', "\r\n");
    let files = [file("portal.toml", format!("\u{feff}{BOOK}")), file("r.toml", text)];
    check_files(&files, "HR002", "r.toml:6:1", "Did you mean \"priority\"?");
    let marked = [file("portal.toml", format!("\u{feff}{BOOK}")), file("r.toml", "\u{feff}x = 1")];
    let compiled = compile(&marked);
    let at = compiled.diagnostics.iter().find(|found| found.code == "HR002").expect("found");
    assert_eq!((at.line, at.column), (1, 1));
}

#[test]
fn list_files_are_read_from_the_folder() {
    let files = [
        file("portal.toml", BOOK),
        file("rivals.txt", "# rivals\nRival.com  # the big one\n\nother.io\n"),
        file(
            "r.toml",
            format!(
                "[domains]\nrivals = {{ file = \"rivals.txt\" }}\n{}",
                rule("unless = [{ email_domain = \"rivals\" }]")
            ),
        ),
    ];
    let set = compile(&files).rules.expect("accepted");
    let crate::domain::rule::condition::Test::EmailDomain { domains, .. } =
        &set.rules[0].unless[0].test
    else {
        panic!()
    };
    assert_eq!(domains.iter().map(String::as_str).collect::<Vec<_>>(), ["other.io", "rival.com"]);
}

#[test]
fn the_fingerprint_follows_content_and_not_order_or_tests() {
    let (book, rules) = (file("portal.toml", BOOK), file("r.toml", rule("")));
    let of = |files: &[RuleFile]| fingerprint(files).as_str().to_owned();
    let first = of(&[book.clone(), rules.clone()]);
    assert_eq!(first.len(), 16);
    assert_eq!(of(&[rules.clone(), book.clone(), file("r.test.toml", "x")]), first);
    assert_ne!(of(&[book, file("r.toml", rule("# changed"))]), first);
}

/// The worked example of RULES.md, whole.
pub(super) fn example() -> Vec<RuleFile> {
    macro_rules! files {
        ($($name:literal),+) => {
            vec![$(file(
                $name,
                include_str!(concat!("../../../../../tests/data/rules-example/", $name)),
            )),+]
        };
    }
    files![
        "exits.toml",
        "inbound.toml",
        "nurture.toml",
        "portal.toml",
        "reengage.toml",
        "revival.toml",
        "suppress.toml",
        "territory.toml",
        "webinar.toml",
        "inbound.test.toml",
        "others.test.toml"
    ]
}

#[test]
fn the_worked_example_has_nothing_but_keys_of_the_then_stage() {
    let compiled = compile(&example());
    let codes: BTreeSet<&str> = compiled.diagnostics.iter().map(|found| found.code).collect();
    assert_eq!(codes, BTreeSet::from([code::THEN_STAGE]), "{:#?}", compiled.diagnostics);
    let set = compiled.rules.expect("testable");
    assert_eq!((set.rules.len(), set.suppressions.len()), (10, 5));
}

#[test]
fn a_suppression_ends_with_its_last_day_in_the_portals_zone() {
    let set = compiled(
        "[[suppress]]\nid = \"s\"\nsays = \"s\"\nuntil = 2026-12-31\n\
         if = [{ property = \"seen\", is_known = true }]\n",
    );
    let midnight = Timestamp::parse_rfc3339("2027-01-01T00:00:00-05:00");
    assert!(midnight.is_some() && set.suppressions[0].ends == midnight, "{midnight:?}");
}

#[test]
fn the_largest_set_that_is_allowed_compiles() {
    let rules: String = (0..MAX_RULES)
        .map(|n| {
            rule("only_if = [{ property = \"c\", is_any_of = \"@dach-and-nordics\" }]\n")
                .replace("\"r\"", &format!("\"r{n}\""))
                .replace("\"p\"", &format!("\"p{n}\""))
        })
        .collect();
    // Spread over files: one file holds 1 MiB.
    let lines: Vec<&str> = rules.split_inclusive("[[rule]]\n").collect();
    let mut files = vec![file("portal.toml", BOOK)];
    for (n, chunk) in lines.chunks(2_000).enumerate() {
        let text = chunk.concat();
        let (head, tail) =
            (if n == 0 { "" } else { "[[rule]]\n" }, text.trim_end_matches("[[rule]]\n"));
        files.push(file(&format!("{n}.toml"), format!("{head}{tail}")));
    }
    let compiled = compile(&files);
    assert_eq!(compiled.rules.expect("accepted").rules.len(), MAX_RULES);
}

#[test]
fn what_touches_a_rule_from_the_address_book_holds_up_that_rule_alone() {
    let book = BOOK.replace("members", "same_company = \"same-sender\"\nmembers");
    let rules = "[[rule]]\nid = \"s\"\nsays = \"s\"\nwhen = { property = \"p\", changes = true }\n\
                 enroll = { sequence = \"inbound-sdr\", sender = [\"team:sdr-us\"] }\npriority = 9\n";
    let files = [file("portal.toml", book), file("r.toml", format!("{}{rules}", rule("")))];
    let set = compile(&files).rules.expect("testable");
    let held = |id: &str| -> Vec<String> {
        let rule = set.rule(&id.into()).expect("there");
        rule.then_stage.iter().map(|held| held.key.clone()).collect()
    };
    assert_eq!(held("r"), [""; 0]);
    assert_eq!(held("s"), ["same_company"]);
}
