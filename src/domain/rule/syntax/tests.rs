//! Slips of TOML, each with its place and what is offered.

use super::*;

/// Checks that `text` has one syntax error, at `line:column`, that says `part`.
#[track_caller]
fn check(text: &str, at: (u32, u32), part: &str) {
    let source = Source::new("r.toml", text);
    drop(source.parse());
    let found = source.into_found();
    let [only] = found.as_slice() else { panic!("not one finding: {found:#?}") };
    let said = format!("{} {}", only.message, only.hint.as_deref().unwrap_or_default());
    assert_eq!((only.line, only.column), at, "{said}");
    assert!(said.contains(part), "{said}");
}

#[test]
fn quotes_are_asked_for() {
    check("a = \"x\nb = 1\n", (1, 5), "no closing quote");
    check("a = [\"x, \"y\"]\nb = 1\n", (1, 6), "do not pair");
    check("a = live\n", (1, 5), "Write a = \"live\".");
    check("a = 3 working days # soon\n", (1, 5), "Write a = \"3 working days\".");
    check("a = “x”\n", (1, 5), "straight quotes: \"x\"");
    check("a = Yes\n", (1, 5), "Write true");
    check("a = 24.12.2026\n", (1, 5), "2026-12-24");
    check("a = 3/4/2026\n", (1, 5), "the year first");
}

#[test]
fn brackets_are_asked_for_where_they_were_opened() {
    check("a = [1,\n  2\nb = 1\n", (1, 5), "never closed");
    check("a = [[1, 2], [3\n[t]\nb = 1\n", (1, 14), "never closed");
    check("a = { b = 1\nc = 2\n", (1, 5), "Put a }");
    check("a = { b = [1, 2 }\nc = 2\n", (1, 11), "Put a ]");
    check("a = 1]\n", (1, 6), "no [ that this ] closes");
    check("[a\nb = 1\n", (1, 1), "Write [a].");
    check("[[rule]\nb = 1\n", (1, 1), "Write [[rule]].");
}

#[test]
fn signs_are_asked_for() {
    check("a 1\n", (1, 3), "Write a = …");
    check("a: 1\n", (1, 1), "Write a = …");
    check("a\n", (1, 1), "no = and no value");
    check("a =\n", (1, 1), "a has no value");
    check("a = { b: 1 }\n", (1, 7), "Write b = …");
    check("a = [1 2]\n", (1, 6), "Write \"1 2\"");
    check("a = [\"x\" \"y\"]\n", (1, 6), "a comma is missing");
    check("// note\na = 1\n", (1, 1), "Comments begin with #");
    check("a = 1 // note\n", (1, 7), "Comments begin with #");
    check("a = [\n  // note\n  1,\n]\n", (2, 3), "Comments begin with #");
    check("a = [1, // note\n  2]\n", (1, 9), "Comments begin with #");
    assert_eq!(slips::find("a // note\n", 9).len(), 2, "a comment, and a key without a value");
}

#[test]
fn what_is_written_twice_names_the_first() {
    check("a = 1\nb = 2\na = 3\n", (3, 1), "the first is in line 1");
    check("[t.a]\nx = 1\n[t.b]\n[t.a]\nx = 2\n", (4, 4), "the first is in line 1");
}

#[test]
fn what_is_no_slip_is_left_alone() {
    for text in [
        "a = { b = 1,\n  c = 2,\n}\n",
        "a = [\n  [1, 2],\n  { x = \"y\" },\n]\n",
        "a = \"\"\"x = [\n\"\"\"\nb = '''\n{ '''\n",
        "a.b = 1\n\"c d\" = 0x1F\n[e.\"f g\"]\n",
        "a = 2026-11-24 10:00:00Z\nb = -1.5e3\nc = inf\nd = 07:30:00\n",
        "\u{feff}a = 1\r\nb = '#'\r\n",
    ] {
        assert_eq!(slips::find(text, 9), [], "{text}");
    }
}
