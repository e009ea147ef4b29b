//! Mistakes in the writing itself: quotes, brackets, signs, doubled keys and tables.

use super::edit::Mistake;

/// Sort of mistake, file:line, what stands there, what is put there, what the answer must offer.
pub(super) type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("missing-quote", "inbound:4", "owns them\"", "owns them", "quote"),
    ("missing-quote", "inbound:5", "\"live\"", "live", "\"live\""),
    ("missing-quote", "inbound:5", "\"live\"", "\"live", "quote"),
    ("missing-quote", "inbound:16", "\"inbound-sdr\"", "inbound-sdr", "\"inbound-sdr\""),
    ("missing-quote", "nurture:11", "\"3 working days\"", "3 working days", "\"3 working days\""),
    ("missing-quote", "portal:80", "\"dana@acme.com\"", "dana@acme.com", "\"dana@acme.com\""),
    ("missing-quote", "portal:107", "\"08:30\"", "08:30", "\"08:30\""),
    ("missing-quote", "suppress:6", "nurture\"", "nurture", "quote"),
    ("missing-quote", "webinar:12", "\"10 days\"", "10 days", "\"10 days\""),
    ("missing-bracket", "inbound:19", "\"sla-1h\"]", "\"sla-1h\"", "]"),
    ("missing-bracket", "inbound:16", "\"team:sdr-us\"] }", "\"team:sdr-us\"]", "}"),
    (
        "missing-bracket",
        "inbound:6",
        "\"marketingqualifiedlead\" }",
        "\"marketingqualifiedlead\"",
        "}",
    ),
    ("missing-bracket", "nurture:6", "\"FORMS\"] }", "\"FORMS\"]", "}"),
    ("missing-bracket", "nurture:12", "\"saas-nurture\" }", "\"saas-nurture\"", "}"),
    ("missing-bracket", "portal:27", "[\"nurture\"] ", "[\"nurture\" ", "]"),
    ("missing-bracket", "portal:97", "\"luis\"]", "\"luis\"", "]"),
    ("missing-bracket", "suppress:6", "\"nurture\"]", "\"nurture\"", "]"),
    ("missing-bracket", "portal:24", "[themes.sales-outreach]", "[themes.sales-outreach", "]"),
    ("missing-bracket", "inbound:2", "[[rule]]", "[[rule]", "[[rule]]"),
    ("single-brackets", "nurture:2", "[[rule]]", "[rule]", "[[rule]]"),
    ("single-brackets", "webinar:2", "[[rule]]", "[rule]", "[[rule]]"),
    ("single-brackets", "inbound:2", "[[rule]]", "[rule]", "[[rule]]"),
    ("single-brackets", "portal:115", "[[quiet_period]]", "[quiet_period]", "[[quiet_period]]"),
    (
        "double-brackets",
        "portal:39",
        "[sequences.inbound-sdr]",
        "[[sequences.inbound-sdr]]",
        "[sequences.inbound-sdr]",
    ),
    ("double-brackets", "portal:79", "[senders.dana]", "[[senders.dana]]", "[senders.dana]"),
    ("missing-equals", "inbound:17", "priority = 100", "priority 100", "="),
    ("missing-equals", "nurture:13", "priority = 500", "priority: 500", "="),
    ("missing-equals", "portal:42", "emails   = 5", "emails: 5", "="),
    ("missing-equals", "inbound:6", "property = ", "property: ", "="),
    ("missing-comma", "inbound:16", "\"inbound-sdr\", ", "\"inbound-sdr\" ", "comma"),
    ("missing-comma", "portal:36", "\"sales-outreach\", ", "\"sales-outreach\" ", "comma"),
    ("missing-comma", "inbound:9", "\"BAD_TIMING\"], ", "\"BAD_TIMING\"] ", "comma"),
    ("curly-quotes", "inbound:5", "\"live\"", "“live”", "\"live\""),
    ("curly-quotes", "nurture:11", "\"3 working days\"", "„3 working days“", "\"3 working days\""),
    ("curly-quotes", "portal:76", "\"subscribed\"", "“subscribed”", "\"subscribed\""),
    ("comment-sign", "exits:1", "# 8.", "// 8.", "#"),
    ("comment-sign", "inbound:22", "# Score", "-- Score", "#"),
    ("comment-sign", "inbound:17", "100", "100 // first", "#"),
    ("capital-true", "suppress:7", "true", "True", "true"),
    ("capital-true", "inbound:9", "true", "TRUE", "true"),
    ("capital-true", "suppress:7", "true", "yes", "true"),
    ("capital-true", "territory:21", "true", "yes", "true"),
    ("date-form", "webinar:15", "2026-12-18", "18.12.2026", "2026-12-18"),
    ("date-form", "portal:118", "2027-01-03", "03.01.2027", "2027-01-03"),
    ("date-form", "webinar:14", "2026-11-20", "2026/11/20", "2026-11-20"),
    ("doubled-key", "inbound:18", "re_enroll = \"after 180 days\"", "priority = 200", "17"),
    ("doubled-key", "portal:43", "requires = [\"firstname\", \"company\"]", "emails = 3", "42"),
    ("doubled-key", "nurture:14", "re_enroll = \"never\"", "delay = \"2 days\"", "11"),
    ("doubled-key", "inbound:6", "becomes = ", "property = \"a\", becomes = ", "property"),
    ("doubled-table", "portal:82", "[senders.luis]", "[senders.dana]", "79"),
    ("doubled-table", "portal:51", "[sequences.webinar-followup]", "[sequences.revival]", "45"),
    ("doubled-table", "portal:33", "[themes.onboarding]", "[themes.nurture]", "29"),
    ("table-name", "portal:24", "[themes.", "[theme.", "\"themes\""),
    ("table-name", "portal:79", "[senders.", "[sender.", "\"senders\""),
    ("table-name", "portal:132", "[hubspot_lists.", "[hubspot_list.", "\"hubspot_lists\""),
    ("table-name", "nurture:2", "[[rule]]", "[[rules]]", "[[rule]]"),
    ("table-name", "suppress:2", "[[suppress]]", "[[suppression]]", "[[suppress]]"),
    ("table-name", "portal:115", "[[quiet_period]]", "[[quiet_periods]]", "[[quiet_period]]"),
    (
        "sub-table",
        "nurture:12",
        "enroll   = { workflow = \"saas-nurture\" }",
        "[rule.enroll]\nworkflow = \"saas-nurture\"",
        "enroll = {",
    ),
    (
        "sub-table",
        "inbound:6",
        "when     = { property = \"lifecyclestage\", becomes = \"marketingqualifiedlead\" }",
        "[rule.when]\nproperty = \"lifecyclestage\"\nbecomes = \"marketingqualifiedlead\"",
        "when = {",
    ),
    (
        "sub-table",
        "webinar:11",
        "limits   = { per_day = 60, per_hour = 15, on_limit = \"wait\" }",
        "[rule.limits]\nper_day = 60",
        "limits = {",
    ),
    (
        "sub-table",
        "webinar:10",
        "breaker  = { max = 300, within = \"15 minutes\", then = \"hold\" }",
        "[rule.breaker]\nmax = 300\nwithin = \"15 minutes\"",
        "breaker = {",
    ),
];

/// The rows of this file.
pub(super) fn all() -> impl Iterator<Item = Mistake> {
    ROWS.iter().map(made)
}

/// A row as a mistake.
pub(super) fn made(row: &Row) -> Mistake {
    let (kind, place, from, to, offers) = *row;
    Mistake::row(kind, place, (from, to), offers)
}
