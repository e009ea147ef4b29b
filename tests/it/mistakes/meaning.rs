//! Mistakes between keys and between tables: what is missing, doubled, or contradicts itself.

use super::edit::Mistake;
use super::syntax::{Row, made};

const ROWS: &[Row] = &[
    (
        "two-operators",
        "inbound:8",
        "is_any_of = ",
        "is_known = true, is_any_of = ",
        "two conditions",
    ),
    ("two-operators", "nurture:8", " },", ", is_not = \"customer\" },", "two conditions"),
    (
        "two-operators",
        "webinar:7",
        "is_at_least = 20",
        "is_at_least = 20, is_at_most = 90",
        "two conditions",
    ),
    ("no-operator", "inbound:8", ", is_any_of = \"@north-america\"", "", "is_any_of"),
    ("no-operator", "suppress:22", ", is_within_last = \"14 days\"", "", "is_within_last"),
    ("two-triggers", "inbound:6", "becomes = ", "changes = true, becomes = ", "Keep one"),
    ("two-triggers", "inbound:27", "rises_to = 80", "rises_to = 80, falls_to = 20", "Keep one"),
    ("no-trigger", "inbound:6", ", becomes = \"marketingqualifiedlead\"", "", "becomes_any_of"),
    ("no-trigger", "inbound:27", ", rises_to = 80", "", "rises_to"),
    ("duplicate-id", "inbound:24", "hot-score", "inbound-mql", "inbound.toml:3"),
    ("duplicate-id", "nurture:3", "content-to-nurture", "hot-score", "inbound.toml:24"),
    ("duplicate-id", "territory:17", "unclear-territory", "emea-demo-request", "territory.toml:3"),
    ("duplicate-id", "suppress:10", "competitors", "active-customers", "suppress.toml:3"),
    ("duplicate-id", "webinar:3", "webinar-attended", "content-to-nurture", "nurture.toml:3"),
    ("duplicate-hubspot-id", "portal:46", "310844702", "310839862", "\"inbound-sdr\""),
    ("duplicate-hubspot-id", "portal:64", "1608212777", "1608212624", "\"saas-nurture\""),
    ("sender-for-workflow", "nurture:12", " }", ", sender = [\"contact-owner\"] }", "Remove"),
    ("sender-for-workflow", "exits:17", " }", ", sender = [\"team:sdr-us\"] }", "Remove"),
    (
        "no-sender",
        "inbound:16",
        ", sender = [\"contact-owner\", \"team:sdr-us\"]",
        "",
        "sender = [\"contact-owner\"]",
    ),
    (
        "no-sender",
        "webinar:8",
        ", sender = [\"contact-owner\", \"team:sdr-us\"]",
        "",
        "sender = [\"contact-owner\"]",
    ),
    (
        "no-sender",
        "territory:11",
        ", sender = [\"team:sdr-emea\"]",
        "",
        "sender = [\"contact-owner\"]",
    ),
    ("bare-sender", "inbound:16", "\"team:sdr-us\"", "\"dana\"", "\"user:dana\""),
    ("bare-sender", "webinar:8", "\"team:sdr-us\"", "\"sdr-us\"", "\"team:sdr-us\""),
    ("bare-sender", "inbound:29", "\"team:sdr-us\"", "\"luis@acme.com\"", "\"user:luis\""),
    ("bare-sender", "territory:11", "\"team:sdr-emea\"", "\"user:sdr-emea\"", "\"team:sdr-emea\""),
    ("deal-owner", "inbound:16", "\"contact-owner\"", "\"deal-owner\"", "\"contact-owner\""),
    ("deal-owner", "webinar:8", "\"contact-owner\"", "\"deal-owner\"", "\"contact-owner\""),
    (
        "two-actions",
        "inbound:19",
        "tags     = [\"inbound\", \"sla-1h\"]",
        "unenroll = { themes = [\"nurture\"] }",
        "then_enroll",
    ),
    (
        "two-actions",
        "nurture:12",
        "workflow = \"saas-nurture\"",
        "workflow = \"saas-nurture\", sequence = \"inbound-sdr\"",
        "one of",
    ),
    ("only-then-enroll", "nurture:12", "enroll ", "then_enroll ", "Use enroll"),
    ("only-then-enroll", "inbound:29", "enroll ", "then_enroll ", "Use enroll"),
    (
        "swapped-destination",
        "nurture:12",
        "workflow = ",
        "sequence = ",
        "workflow = \"saas-nurture\"",
    ),
    (
        "swapped-destination",
        "inbound:16",
        "sequence = ",
        "workflow = ",
        "sequence = \"inbound-sdr\"",
    ),
    ("empty-team", "portal:97", "[\"dana\", \"luis\"]", "[]", "\"dana\""),
    ("no-effect", "inbound:8", " },", ", or_unknown = true },", "Remove"),
    ("no-effect", "nurture:8", " },", ", or_unknown = true },", "Remove"),
    ("no-effect", "suppress:28", " }]", ", or_unknown = true }]", "Remove"),
    ("operator-type", "nurture:9", "contains_any_of", "is_any_of", "contains_any_of"),
    (
        "operator-type",
        "inbound:8",
        "is_any_of = \"@north-america\"",
        "is_at_least = 5",
        "is_any_of",
    ),
    ("operator-type", "webinar:7", "is_at_least = 20", "contains = \"2\"", "is_at_least"),
    (
        "operator-type",
        "suppress:22",
        "is_within_last = \"14 days\"",
        "is_at_least = 14",
        "is_within_last",
    ),
    (
        "operator-type",
        "nurture:8",
        "is_any_of = [\"subscriber\", \"lead\"]",
        "contains = \"lead\"",
        "is_any_of",
    ),
    ("operand-type", "webinar:7", "20", "\"20 minutes\"", "is_at_least = 20"),
    ("operand-type", "suppress:22", "\"14 days\"", "\"last week\"", "\"7 days\""),
    ("operand-type", "territory:21", "is_unknown = true", "is_known = false", "is_unknown = true"),
    (
        "label",
        "inbound:6",
        "\"marketingqualifiedlead\"",
        "\"Marketing Qualified Lead\"",
        "\"marketingqualifiedlead\"",
    ),
    ("label", "nurture:8", "\"lead\"", "\"Lead\"", "\"lead\""),
    ("label", "nurture:9", "\"automation\"", "\"Marketing automation\"", "\"automation\""),
    ("label", "webinar:6", "\"attended\"", "\"Was there\"", "\"attended\""),
    ("label", "exits:15", "\"customer\"", "\"Customer\"", "\"customer\""),
    ("label", "inbound:9", "\"BAD_TIMING\"", "\"Bad timing\"", "\"BAD_TIMING\""),
    ("property-as-label", "inbound:8", "\"country_code\"", "\"Country code\"", "\"country_code\""),
    (
        "property-as-label",
        "inbound:6",
        "\"lifecyclestage\"",
        "\"Lifecycle stage\"",
        "\"lifecyclestage\"",
    ),
    (
        "property-as-label",
        "nurture:9",
        "\"topics_of_interest\"",
        "\"Topics of interest\"",
        "\"topics_of_interest\"",
    ),
    ("lint-becomes-known", "territory:6", "changes = true", "becomes_known = true", "changes"),
    (
        "lint-negative",
        "suppress:12",
        "email_domain = \"competitors\"",
        "property = \"email\", is_not = \"x@y.example\"",
        "or_unknown",
    ),
    (
        "lint-negative",
        "inbound:13",
        "deal = \"hs_is_closed\", is = false",
        "property = \"country_code\", is_not = \"CA\"",
        "or_unknown",
    ),
    (
        "lint-breaker-off",
        "webinar:10",
        "{ max = 300, within = \"15 minutes\", then = \"hold\" }",
        "\"off\"",
        "says",
    ),
    ("lint-live-default", "portal:17", "dry-run", "live", "in each rule"),
    ("lint-one-inbox", "portal:83", "luis@acme.com", "dana@acme.com", "\"dana\""),
    (
        "lint-never-matches",
        "nurture:9",
        "\"topics_of_interest\", contains_any_of = [\"automation\", \"reporting\"]",
        "\"lifecyclestage\", is = \"customer\"",
        "nurture.toml:8",
    ),
    (
        "lint-never-matches",
        "webinar:7",
        "20 }]",
        "20 }, { property = \"webinar_minutes\", is_less_than = 10 }]",
        "webinar.toml:7",
    ),
];

/// What is left out, line by line: sort of mistake, file:line, where it must be told, the offer.
const MISSING: &[(&str, &str, usize, &str)] = &[
    ("missing-key", "inbound:3", 2, "id = \""),
    ("missing-key", "inbound:4", 2, "one sentence"),
    ("missing-key", "inbound:6", 2, "when = {"),
    ("missing-key", "inbound:29", 23, "enroll = {"),
    ("missing-key", "nurture:6", 2, "when = {"),
    ("missing-key", "portal:40", 39, "id = "),
    ("missing-key", "portal:41", 39, "theme = \""),
    ("missing-key", "portal:60", 57, "holds_for = \""),
    ("missing-key", "portal:80", 79, "email = \""),
    ("missing-key", "portal:6", 5, "id = "),
    ("missing-key", "portal:8", 5, "time_zone = \""),
    ("missing-key", "portal:107", 105, "from = \""),
    ("missing-key", "portal:136", 135, "max = "),
    ("missing-key", "suppress:11", 9, "one sentence"),
    ("missing-key", "suppress:12", 9, "everybody"),
    ("missing-key", "inbound.test:3", 2, "says = \""),
    ("missing-key", "inbound.test:4", 2, "at = "),
    ("missing-key", "others.test:38", 34, "event = {"),
];

/// What is left out inside one line.
const INSIDE: &[Row] = &[
    ("missing-inner-key", "inbound:15", ", up_to = \"30 minutes\"", "", "\"30 minutes\""),
    ("missing-inner-key", "webinar:10", ", within = \"15 minutes\"", "", "within = \""),
    ("missing-inner-key", "portal:90", ", until = 2027-01-03", "", "until = "),
    ("missing-inner-key", "portal:21", "max = 200, ", "", "max = "),
];

/// The rows of this file.
pub(super) fn all(line: impl Fn(&str, usize) -> String) -> Vec<Mistake> {
    let mut found: Vec<Mistake> = ROWS.iter().chain(INSIDE).map(made).collect();
    for (kind, place, told, offers) in MISSING {
        let mut mistake = Mistake::row(kind, place, ("", ""), offers);
        mistake.from = line(&mistake.file, mistake.line);
        mistake.told = *told;
        found.push(mistake);
    }
    // The mode of a rule is far from what it allows: the wrong key is the one told.
    let mut approval = Mistake::row(
        "approval-without-mode",
        "territory:19",
        ("\"approval\"", "\"live\""),
        "mode = \"approval\"",
    );
    approval.told = 23;
    found.push(approval);
    found
}
