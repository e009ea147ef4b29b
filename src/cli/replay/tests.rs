use std::fs;

use super::*;
use crate::domain::rule::span::Unit;

const PORTAL: &str = "[portal]\nid = 7\ntime_zone = \"UTC\"\n[themes.t]\n[workflows.w]\nid = 1\n\
                      theme = \"t\"\nholds_for = \"1 day\"\n";
const RULE: &str = "[[rule]]\nid = \"a\"\nsays = \"x\"\nmode = \"live\"\n\
                    when = { property = \"stage\", becomes = \"b\" }\nenroll = { workflow = \"w\" }\n";
const EVENTS: &str = r#"{"contact":{"id":1,"properties":{"email":"a@x.example"}}}
{"portalId":7,"objectId":1,"occurredAt":1795532400000,"subscriptionType":"contact.propertyChange","propertyName":"stage","propertyValue":"b"}
{"portalId":7,"objectId":2,"occurredAt":1795532400000,"subscriptionType":"contact.propertyChange","propertyName":"stage","propertyValue":"b"}
"#;

/// What `replay` writes about [`EVENTS`].
fn written(json: bool, against: bool) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    for (name, text) in [("old", PORTAL.to_owned()), ("new", format!("{PORTAL}{RULE}"))] {
        fs::create_dir(at(name)).expect("made");
        fs::write(at(name).join("portal.toml"), text).expect("written");
    }
    fs::write(at("events.jsonl"), EVENTS).expect("written");
    let (old, new) = (at("old"), at("new"));
    let rules = if against { &old } else { &new };
    let against = against.then_some(new.as_path());
    let what = What::File(at("events.jsonl"));
    let options = Options { what, rules, against, json, color: false };
    let mut out = Vec::new();
    run(&options, &mut out, &ProgressBar::hidden()).expect("replayed");
    String::from_utf8(out).expect("text")
}

#[test]
fn counts_are_printed_and_what_cannot_be_judged_beside_them() {
    let text = written(false, false);
    assert!(text.contains("         1  enroll    matched\n"), "{text}");
    assert!(text.contains("1 could not be judged, and are in no count above:\n"), "{text}");
    assert!(text.contains("         1  no-contact-data "), "{text}");
}

#[test]
fn json_is_one_object_for_each_record() {
    let text = written(true, false);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("an object")).collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines.iter().any(|it| it["decision"] == "enroll" && it["contact"] == "1"), "{text}");
    assert!(lines.iter().any(|it| it["not_judged"] == "no-contact-data"), "{text}");
    assert_eq!(text, written(true, false), "byte for byte");
}

#[test]
fn what_would_change_is_printed() {
    let text = written(false, true);
    assert!(text.contains("1 would newly be enrolled, 0 no more\n"), "{text}");
    assert!(text.contains("ignore not-watched -> enroll into w matched (rule a)\n"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&written(true, true)).expect("one object");
    assert_eq!(json["gained"], 1);
}

#[test]
fn a_file_in_which_nothing_can_be_read_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rules, events) = (folder.path().join("rules"), folder.path().join("events.csv"));
    fs::create_dir(&rules).expect("made");
    fs::write(rules.join("portal.toml"), PORTAL).expect("written");
    let replayed = |text: &str, json: bool, against: bool| {
        fs::write(&events, text).expect("written");
        let what = What::File(events.clone());
        let against = against.then_some(rules.as_path());
        let options = Options { what, rules: &rules, against, json, color: false };
        run(&options, &mut Vec::new(), &ProgressBar::hidden())
    };
    let says = |text: &str| replayed(text, false, false).expect_err("refused").to_string();
    let csv = "contact,property\n1,stage\n";
    assert!(says(csv).contains("events.csv can be read (line 1: expected value"), "{}", says(csv));
    for (text, why) in
        [("\n\n", "it holds no line"), ("\n[]\n", "line 2: the body is an empty array")]
    {
        assert!(says(text).contains(&format!("can be read ({why})")), "{}", says(text));
    }
    for (json, against) in [(true, false), (false, true)] {
        assert!(matches!(replayed(csv, json, against), Err(ReplayError::Nothing { .. })));
    }
    // One line is enough.
    assert!(replayed(&format!("{csv}{EVENTS}"), false, false).is_ok());
}

#[test]
fn times_back_are_short_or_spelled_out() {
    let check = |text: &str, expected: Option<(u32, Unit)>| {
        let parsed = parse_last(text).ok().map(|span| (span.count, span.unit));
        assert_eq!(parsed, expected, "{text}");
    };
    check("7d", Some((7, Unit::Day)));
    check("24h", Some((24, Unit::Hour)));
    check("2 weeks", Some((2, Unit::Week)));
    check("", None);
    check("d", None);
    check("7é", None);
}
