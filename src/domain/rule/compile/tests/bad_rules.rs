//! Bad rules: one mistake each, found at its place, with what to write instead.

use super::*;

/// A whole `[[rule]]`, at the place `line:column` of `r.toml`.
#[track_caller]
fn check(text: &str, code: &str, at: &str, part: &str) {
    let files = [file("portal.toml", BOOK), file("r.toml", text)];
    check_files(&files, code, &format!("r.toml:{at}"), part);
}

/// One more key (line 6) of a rule that is right otherwise.
#[track_caller]
fn check_key(more: &str, code: &str, column: u32, part: &str) {
    check(&rule(more), code, &format!("6:{column}"), part);
}

/// A condition, with the lock file beside it.
#[track_caller]
fn check_condition(condition: &str, code: &str, part: &str) {
    let text = rule(&format!("only_if = [\n{condition}\n]"));
    let files =
        [file("portal.toml", BOOK), file(".properties.lock.toml", LOCK), file("r.toml", text)];
    let lock = format!("{LOCK}[contact.p]\ntype = \"string\"\n[contact.hubspot_owner_id]\n");
    let files = [files[0].clone(), file(".properties.lock.toml", lock), files[2].clone()];
    let compiled = compile(&files);
    let found = compiled.diagnostics.iter().find(|found| found.code == code);
    let Some(found) = found else { panic!("{:#?}", compiled.diagnostics) };
    assert_eq!((&*found.file, found.line), ("r.toml", 7), "{found:?}");
    let shown = format!("{} {}", found.message, found.hint.as_deref().unwrap_or(""));
    assert!(shown.contains(part), "{shown}");
}

#[test]
fn syntax_errors_are_all_found_in_one_reading() {
    let files = [file("portal.toml", BOOK), file("r.toml", "a = \nb = 1\nc = [\n")];
    let found = compile(&files).diagnostics;
    let lines: Vec<u32> =
        found.iter().filter(|found| found.code == code::SYNTAX).map(|found| found.line).collect();
    assert!(lines.contains(&1) && lines.iter().any(|line| 3 <= *line), "{found:#?}");
}

#[test]
fn unknown_keys_get_the_nearest_known_one() {
    check_key("prioirty = 1", "HR002", 1, "Did you mean \"priority\"?");
    check("[[rules]]\n", "HR002", "1:3", "Did you mean [[rule]]?");
    check(&rule("[windows]\nx = 1"), "HR004", "7:5", "[x]");
}

#[test]
fn required_keys_are_asked_for() {
    let whole = rule("");
    check(&whole.replace("id = \"r\"\n", ""), "HR003", "1:1", "has no id");
    check(&whole.replace("says = \"s\"\n", ""), "HR003", "1:1", "Write one sentence a colleague");
    let when = "when = { property = \"p\", changes = true }\n";
    check(&whole.replace(when, ""), "HR003", "1:1", "has no when");
    check(
        &whole.replace("enroll = { workflow = \"guide\" }\n", ""),
        "HR018",
        "1:1",
        "does nothing",
    );
}

#[test]
fn a_table_below_a_rule_is_explained() {
    let nested = "[[rule]]\nid = \"r\"\nsays = \"s\"\nenroll = { workflow = \"guide\" }\n\
                  [rule.when]\nproperty = \"p\"\nchanges = true\n";
    check(nested, "HR010", "5:1", "Every key below a [header] belongs to that table");
}

#[test]
fn words_and_numbers_are_checked() {
    check_key("mode = \"on\"", "HR005", 8, "Use \"live\", \"dry-run\", \"approval\" or \"off\"");
    check_key("priority = 0", "HR006", 12, "from 1 to 1000");
    check_key("priority = \"high\"", "HR004", 12, "Write a whole number");
    check_key("re_enroll = true", "HR005", 13, "re_enroll = true is not known");
    check_key("re_enroll = \"after 6 months\"", "HR007", 13, "180 days");
    check_key("delay = \"3 months\"", "HR007", 9, "Write \"90 days\".");
    check_key("settle = \"2 days\"", "HR007", 10, "is a delay. Use delay");
    check_key("expires = \"0 days\"", "HR007", 11, "drops everything at once");
    check_key("breaker = false", "HR005", 11, "breaker = \"off\"");
    let long = "breaker = { max = 9, within = \"2 days\" }";
    check_key(long, "HR007", 31, "longer than a breaker looks back");
    check_key("tags = \"inbound\"", "HR004", 8, "Write a list");
    check_key("owner = \"\"", "HR005", 9, "is empty");
    check_key("approve_within = \"1 day\"", "HR020", 18, "only makes sense with mode");
    check_key("wait_up_to = \"1 day\"", "HR020", 14, "only makes sense with on_conflict");
    check(&rule("").replace("\"r\"", "\"R 1\""), "HR005", "2:6", "Write \"r-1\".");
}

#[test]
fn names_are_looked_up() {
    let sequence = |enroll: &str| rule("").replace("workflow = \"guide\"", enroll);
    let sender = "sender = [\"contact-owner\"]";
    let wrong = sequence(&format!("sequence = \"inboud-sdr\", {sender}"));
    check(&wrong, "HR008", "5:23", "Did you mean \"inbound-sdr\"?");
    check(
        &sequence("sequence = \"inbound-sdr\""),
        "HR018",
        "5:10",
        "names a sequence but no sender",
    );
    let with_sender = sequence(&format!("workflow = \"guide\", {sender}"));
    check(&with_sender, "HR018", "5:41", "a workflow has no sender");
    let to = |word: &str| sequence(&format!("sequence = \"inbound-sdr\", sender = [\"{word}\"]"));
    check(&to("dana"), "HR005", "5:48", "Did you mean \"user:dana\"?");
    check(&to("team:sdr-uk"), "HR008", "5:48", "Did you mean \"team:sdr-us\"?");
    check(&to("deal-owner"), "HR018", "5:48", "needs a deal trigger");
    check_key("window = \"office\"", "HR008", 10, "Defined: office-hours");
    let emea = "only_if = [{ property = \"c\", is_any_of = \"@dach\" }]";
    check_key(emea, "HR008", 42, "Defined: dach-and-nordics");
    let near = "only_if = [{ property = \"c\", is_any_of = \"@dach-and-nordic\" }]";
    check_key(near, "HR008", 42, "Did you mean @dach-and-nordics?");
    check_key("only_if = [{ email_domain = \"fre-mail\" }]", "HR008", 29, "\"free-mail\"");
}

#[test]
fn ids_are_unique_over_all_files() {
    let files = [file("portal.toml", BOOK), file("a.toml", rule("")), file("b.toml", rule(""))];
    let message = "rule id \"r\" is used twice (also a.toml:2). Ids must be unique over all files.";
    let compiled = compile(&files);
    let twice = compiled.diagnostics.iter().find(|found| found.code == code::TWICE);
    let twice = twice.expect("found");
    assert_eq!((&*twice.file, twice.line, twice.column), ("b.toml", 2, 6));
    assert_eq!(format!("{} {}", twice.message, twice.hint.as_deref().unwrap_or("")), message);
    check_key("was = \"r\"", "HR020", 7, "still exists");
}

#[test]
fn a_trigger_is_one_change_of_one_thing() {
    let when = |inside: &str| rule("").replace("property = \"p\", changes = true", inside);
    check(&when("property = \"p\""), "HR017", "4:8", "Add becomes, becomes_any_of,");
    check(&when("changes = true"), "HR017", "4:8", "names nothing that changes");
    let two = "property = \"p\", changes = true, rises_to = 1";
    check(&when(two), "HR017", "4:53", "two trigger words (changes, rises_to)");
    check(&when("event = \"contact-create\""), "HR005", "4:18", "\"contact-created\"");
    check(&when("property = \"p\", rises_to = \"hot\""), "HR004", "4:37", "needs a number");
    check(&when("property = \"p\", becomes = [\"a\"]"), "HR004", "4:36", "Use becomes_any_of");
    check(&when("property = \"p\", changes = false"), "HR005", "4:36", "says nothing");
    let nowhere = "property = \"p\", changes = true, from_sources = []";
    check(&when(nowhere), "HR005", "4:57", "empty list");
    let contacts = "property = \"p\", changes = true, contacts = \"all\"";
    check(&when(contacts), "HR020", "4:53", "no effect");
}

#[test]
fn a_condition_has_one_subject_and_one_operator() {
    let two = "{ property = \"p\", is = \"a\", is_known = true }";
    check_condition(two, "HR013", "two operators in one condition (is, is_known). Write two");
    check_condition("{ property = \"p\" }", "HR013", "has no operator");
    check_condition("{ proprety = \"p\", is = \"a\" }", "HR013", "Did you mean \"property\"?");
    check_condition("{ property = \"p\", deal = \"d\", is = \"a\" }", "HR013", "(deal, property)");
    check_condition("{ any = [] }", "HR013", "empty group");
    check_condition("\"country is US\"", "HR004", "inline table");
    check_condition("{ property = \"p\", is_any_off = [\"a\"] }", "HR002", "\"is_any_of\"");
    check_condition("{ property = \"p\", is_known = false }", "HR005", "Write is_unknown = true");
    check_condition("{ property = \"p\", is_any_of = \"a\" }", "HR004", "needs a list");
    check_condition("{ property = \"p\", is_any_of = [] }", "HR005", "nothing can match");
    let useless = "{ property = \"p\", is_any_of = [\"a\"], or_unknown = true }";
    check_condition(useless, "HR020", "or_unknown has no effect on is_any_of. Remove it.");
}

#[test]
fn operators_must_fit_the_type_that_the_lock_file_gives() {
    let several = "\"topics_of_interest\" holds several values; is cannot work on it. Use \
                   contains_any_of, contains_all_of, contains_none_of, is_exactly";
    check_condition("{ property = \"topics_of_interest\", is = \"automation\" }", "HR014", several);
    let number = "is_at_least needs a number property; \"country\" is text.";
    check_condition("{ property = \"country\", is_at_least = 1 }", "HR014", number);
    check_condition(
        "{ property = \"country\", is_before = 2026-01-01 }",
        "HR014",
        "a date property",
    );
    check_condition("{ property = \"vip\", is_not = true }", "HR014", "a blank is neither");
    check_condition("{ property = \"vip\", is = \"yes\" }", "HR004", "needs true or false");
    check_condition(
        "{ property = \"lead_score\", contains = \"8\" }",
        "HR014",
        "which is a number",
    );
    check_condition("{ property = \"lead_score\", is = \"high\" }", "HR004", "needs a number");
    check_condition(
        "{ property = \"lead_score\", is_between = [9, 1] }",
        "HR019",
        "smaller number",
    );
    check_condition("{ property = \"demo_at\", is_after = \"soon\" }", "HR004", "needs a date");
    let working = "{ property = \"demo_at\", is_within_last = \"3 working days\" }";
    check_condition(working, "HR007", "Write \"3 days\"");
}

#[test]
fn names_and_labels_are_checked_against_the_lock_file() {
    let name = "property \"lifecycle_stage\" does not exist in this portal. Did you mean \
                \"lifecyclestage\"?";
    check_condition("{ property = \"lifecycle_stage\", is = \"lead\" }", "HR015", name);
    let far = "does not exist in this portal. If it is new, add it to .properties.lock.toml";
    check_condition("{ property = \"zodiac\", is = \"leo\" }", "HR015", far);
    let label = "\"Marketing Qualified Lead\" is a label. The value is \"marketingqualifiedlead\".";
    let condition = "{ property = \"lifecyclestage\", is = \"Marketing Qualified Lead\" }";
    check_condition(condition, "HR016", label);
    let value = "{ property = \"topics_of_interest\", contains_any_of = [\"reportin\"] }";
    check_condition(value, "HR016", "Did you mean \"reporting\"?");
}

#[test]
fn groups_nest_thirty_two_deep_and_no_deeper() {
    let nested = |depth: usize| {
        let open = "{ any = [".repeat(depth);
        format!("{open}{{ property = \"country\", is = \"US\" }}{}", "] }".repeat(depth))
    };
    check_condition(&nested(33), "HR011", "nested more than 32 deep");
    let text = rule(&format!("only_if = [{}]", nested(32)));
    let compiled = compile(&[file("portal.toml", BOOK), file("r.toml", text)]);
    assert!(compiled.rules.is_some(), "{:#?}", compiled.diagnostics);
}

#[test]
fn a_property_starts_one_workflow_and_nothing_else() {
    let set = |via: &str, more: &str| {
        let book = BOOK.replace("[workflows.guide]", &format!("[workflows.guide]\n{via}"));
        compile(&[file("portal.toml", book + more), file("r.toml", rule(""))])
    };
    let via = |via: &str| set(via, "").rules.expect("accepted").workflows["guide"].via.clone();
    assert_eq!(via("via = \"property:start_guide\""), Some("start_guide".into()));
    assert_eq!(via("via = \"api\""), None);
    let other = "[workflows.other]\nid = 21\ntheme = \"nurture\"\nholds_for = \"1 day\"\n\
                 via = \"property:start_guide\"\n";
    let bridge = "[portal.unenroll_bridge]\nproperty = \"start_guide\"\n";
    for (more, whose) in [(other, "another workflow"), (bridge, "[portal.unenroll_bridge]")] {
        let found = set("via = \"property:start_guide\"", more);
        let twice = found.diagnostics.iter().find(|it| it.code == code::TWICE);
        let message = twice.map(|it| it.message.as_str()).unwrap_or_default();
        assert!(message.contains(whose), "{:?}", found.diagnostics);
    }
}

#[test]
fn what_only_tests_can_judge_is_refused_in_a_rule_that_acts() {
    for (more, key) in [
        ("only_if = [{ in_list = \"vip\" }]", "in_list"),
        ("only_if = [{ company = \"size\", is_at_least = 5 }]", "company"),
        ("unless = [{ any = [{ deal = \"amount\", is_known = true }] }]", "deal"),
        ("limits = { per_company = 3 }", "per_company"),
    ] {
        for (mode, severity) in
            [("live", Some(Severity::Error)), ("dry-run", Some(Severity::Warning)), ("off", None)]
        {
            let text = rule(&format!("{more}\nmode = \"{mode}\""));
            let found = compile(&[file("portal.toml", BOOK), file("r.toml", text)]);
            let about = found.diagnostics.iter().filter(|it| it.code == code::THEN_STAGE);
            let about: Vec<_> = about.map(|it| (it.severity, it.line)).collect();
            let wanted: Vec<_> = severity.map(|severity| (severity, 6)).into_iter().collect();
            assert_eq!(about, wanted, "{more} in {mode}");
            let set = found.rules.expect("testable");
            assert_eq!(set.rules[0].then_stage[0].key, key, "{more}");
        }
    }
}

#[test]
fn leaving_a_sequence_needs_the_bridge() {
    let bridge = "[portal.unenroll_bridge]\nproperty = \"out\"\n";
    let intro = "enroll = { sequence = \"inbound-sdr\", sender = [\"user:dana\"] }";
    let enroll = "enroll = { workflow = \"guide\" }";
    let replaces = format!("{intro}\non_conflict = \"replace\"");
    for (action, what) in [
        ("unenroll = { everything = true }", Some("unenroll of a sequence needs")),
        ("unenroll = { sequence = \"inbound-sdr\" }", Some("unenroll of a sequence needs")),
        ("unenroll = { workflow = \"guide\" }", None),
        (replaces.as_str(), Some("replace needs")),
    ] {
        let text = rule("").replace(enroll, action);
        let without = compile(&[file("portal.toml", BOOK), file("r.toml", &text)]);
        let found = without.diagnostics.iter().find(|it| it.severity == Severity::Error);
        let message = found.map(|it| it.message.as_str());
        assert_eq!(message.is_some(), what.is_some(), "{action}: {message:?}");
        assert!(message.unwrap_or_default().starts_with(what.unwrap_or_default()), "{message:?}");
        let book = format!("{BOOK}\n{bridge}");
        let with = compile(&[file("portal.toml", book), file("r.toml", text)]);
        assert!(with.accepted(), "{action}: {:#?}", with.diagnostics);
    }
}

#[test]
fn misuse_beside_others_is_found_too() {
    let check_also = |more: &str, part: &str| {
        let found = compile(&[file("portal.toml", BOOK), file("r.toml", rule(more))]);
        let shown = format!("{:?}", found.diagnostics);
        assert!(shown.contains(part) && found.rules.is_none(), "{more}: {shown}");
    };
    check_also("limits = { per_day = 0 }", "per_day = 0 stops the rule");
    check_also("then_enroll = { workflow = \"guide\" }", "then_enroll without unenroll");
}

#[test]
fn lints_warn_and_accept() {
    let unless = "unless = [{ property = \"c\", is_none_of = [\"a\"] }]";
    check_key(unless, "HR102", 42, "does not exclude people whose value is blank");
    check_key("breaker = \"off\"", "HR108", 11, "nothing stops a mass change");
    let other = rule("").replace("\"r\"", "\"a\"");
    check(&format!("{other}{}", rule("")), "HR103", "6:1", "\"a\" and \"r\" start from the same");
}
