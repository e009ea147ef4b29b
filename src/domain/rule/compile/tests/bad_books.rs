//! Bad address books.

use super::*;

/// The book with one thing changed, found at the line and column where the change begins.
#[track_caller]
fn check(from: &str, to: &str, code: &str, part: &str) {
    let text = BOOK.replacen(from, to, 1);
    assert_ne!(text, BOOK, "{from} is not in the book");
    let files = [file("portal.toml", text), file("r.toml", rule(""))];
    let compiled = compile(&files);
    let found = compiled.diagnostics.iter().find(|found| found.code == code);
    let Some(found) = found else { panic!("{:#?}", compiled.diagnostics) };
    let shown = format!("{} {}", found.message, found.hint.as_deref().unwrap_or(""));
    assert!(shown.contains(part), "{shown}");
    assert_eq!(&*found.file, "portal.toml");
}

#[test]
fn a_folder_without_a_portal_is_refused() {
    check_files(&[file("a.toml", "")], "HR003", "portal.toml:1:1", "no file has a [portal]");
    check_files(&[], "HR003", "portal.toml:1:1", "Add [portal] with id and time_zone");
}

#[test]
fn the_portal_is_checked() {
    check("id = 1\n", "", "HR003", "[portal] has no id");
    check("America/New_York", "EST", "HR005", "\"EST\" is ambiguous");
    check("America/New_York", "America/Gotham", "HR005", "not in the IANA database");
    check("id = 1\n", "id = 1\nour_domains = [\"acme\"]\n", "HR005", "is not a domain");
    check("id = 1\n", "id = 1\n[defaults]\nmode = \"live\"\n[portal.x]\n", "HR101", "in each rule");
    let window = "[defaults]\nwindow = \"office\"\n[values]";
    check("[values]", window, "HR008", "Defined: office-hours");
    check(
        "[themes.sales]",
        "[portal]\n[themes.sales]",
        "HR009",
        "Keep one of them; the first is in line 2",
    );
}

#[test]
fn destinations_are_checked() {
    check("theme = \"sales\"\n", "", "HR003", "sequence \"inbound-sdr\" has no theme");
    check("theme = \"sales\"", "theme = \"sale\"", "HR008", "Did you mean \"sales\"?");
    check("holds_for = \"45 days\"\n", "", "HR003", "HubSpot does not tell us when");
    check("[themes.nurture]", "[themes.nurture]\nblocks = [\"sals\"]", "HR008", "\"sales\"");
    let twin = "[sequences.b]\nid = 10\ntheme = \"sales\"\n[values]";
    check("[values]", twin, "HR009", "\"b\" and \"inbound-sdr\" have the same id");
    let mutual = "[themes.sales]\nblocks = [\"nurture\"]\n[themes.nurture]\nblocks = [\"sales\"]";
    check("[themes.sales]\n[themes.nurture]", mutual, "HR107", "block each other");
    check("holds_for", "subscription = \"news\"\nholds_for", "HR008", "subscription \"news\"");
}

#[test]
fn people_are_checked() {
    check("email = \"dana@acme.com\"\n", "", "HR003", "sender \"dana\" has no email");
    check("dana@acme.com", "dana", "HR005", "is not an email address");
    check("members = [\"dana\"]", "members = []", "HR005", "has no members");
    check("members = [\"dana\"]", "members = [\"dan\"]", "HR008", "Did you mean \"dana\"?");
    check("members = [\"dana\"]", "members = [\"dana\", \"dana\"]", "HR009", "a member twice");
    let twin = "[senders.d2]\nemail = \"Dana@Acme.com\"\n[values]";
    check("[values]", twin, "HR104", "share dana@acme.com");
}

#[test]
fn times_and_lists_are_checked() {
    check("until = \"17:00\"", "until = \"08:00\"", "HR019", "write two windows");
    check("from = \"09:00\"", "from = \"9 am\"", "HR005", "not a time of day");
    check("days = [\"mon\"]", "days = [\"monday\"]", "HR005", "\"monday\" is not known");
    check("[values]", "[calendars.us]\nholidays = [\"x\"]\n[values]", "HR004", "a date");
    check("[\"DE\", \"AT\"]", "{ file = \"dach.txt\" }", "HR008", "not in the rules folder");
    let cap = "[cap]\nmax = 0\nwithin = \"9 days\"\n[values]";
    check("[values]", cap, "HR006", "max = 0 is out of range");
    let quiet = "[[quiet_period]]\nsays = \"s\"\nfrom = 2026-02-01\nuntil = 2026-01-01\n[values]";
    check("[values]", quiet, "HR019", "until is before 2026-02-01");
}

#[test]
fn suppressions_are_checked() {
    let suppress = |inside: &str| format!("[[suppress]]\nsays = \"s\"\n{inside}\n[values]");
    let empty = suppress("id = \"x\"");
    check("[values]", &empty, "HR003", "it would suppress everybody");
    let built_in = suppress("id = \"bounced\"\nif = [{ email_domain = \"free-mail\" }]");
    check("[values]", &built_in, "HR009", "built in");
    let mark = suppress("id = \"x\"\nif = [{ property = \"lifecyclestage\", is = \"customer\" }]");
    check("[values]", &mark, "HR109", "former customers stay suppressed");
    let not_a_day =
        suppress("id = \"x\"\nif = [{ email_domain = \"free-mail\" }]\nuntil = \"2026-12-31\"");
    check("[values]", &not_a_day, "HR004", "until = 2026-12-31");
    let also =
        suppress("id = \"x\"\nalso_unenroll = true\nif = [{ email_domain = \"free-mail\" }]");
    check("[values]", &also, "HR003", "also_unenroll of a theme with sequences needs");
}

#[test]
fn files_over_their_limits_are_refused() {
    let long = format!("#{}", "x".repeat(MAX_FILE_BYTES));
    let files = [file("portal.toml", BOOK), file("r.toml", rule("")), file("z.toml", long.clone())];
    check_files(&files, "HR011", "z.toml:1:1", "Split it into several files");
    let many: Vec<RuleFile> = (0..9).map(|n| file(&format!("{n}.toml"), long.clone())).collect();
    check_files(&many, "HR011", "portal.toml:1:1", "Split it by portal");
    let crowd = "[[rule]]\n".repeat(MAX_RULES + 1);
    let files = [file("portal.toml", BOOK), file("r.toml", crowd)];
    check_files(&files, "HR011", "portal.toml:1:1", "10001 rules");
}
