//! Keys of the address book (RULES.md 1.4), and the root of a rules file.

use super::rule_keys::{BREAKER, MODE, RE_ENROLL, TEXTS};
use super::shape::Kind::{
    Any, Date, Duration, Flag, Like, List, Named, Of, Scalar, Text, Whole, Words,
};
use super::shape::{ID_MAX, Key, Kind, Shape};

const ID: Kind = Whole(1, ID_MAX);
const CLOCK: Kind = Like("^[0-2][0-9]:[0-5][0-9]$");
const ZONE: Kind = Like("^([A-Za-z_]+/.+|UTC|Etc/.+)$");
const VALUES: Kind = Named(&Any(&[List(&Scalar), Of("list_file")]));

/// A rules file, a test file, or an address book: what may stand at the top.
pub(super) const ROOT: Shape = Shape {
    name: "",
    says: "A file of a hubroute rules folder.",
    required: &[],
    keys: &[
        Key("portal", Of("portal"), "The HubSpot account."),
        Key("defaults", Of("defaults"), "Defaults of every rule."),
        Key(
            "themes",
            Named(&Of("theme")),
            "What a contact experiences: at most one sequence or workflow of a theme at a time.",
        ),
        Key("sequences", Named(&Of("sequence")), "Sequences a rule may name."),
        Key("workflows", Named(&Of("workflow")), "Workflows a rule may name."),
        Key("subscriptions", Named(&Of("subscription")), "Subscription types that targets need."),
        Key("senders", Named(&Of("sender")), "People who may send a sequence."),
        Key("teams", Named(&Of("team")), "Senders who take turns."),
        Key("windows", Named(&Of("window")), "Hours in which calls may leave."),
        Key("calendars", Named(&Of("calendar")), "Holidays."),
        Key("hubspot_lists", Named(&Of("hubspot_list")), "HubSpot lists that conditions name."),
        Key("values", VALUES, "Lists that conditions name as \"@name\"."),
        Key("domains", VALUES, "Email domains that email_domain names; sub-domains included."),
        Key(
            "rule",
            List(&Of("rule")),
            "When one change happens, only if this holds, unless that holds: enroll.",
        ),
        Key("suppress", List(&Of("suppress")), "Who is never enrolled, whatever a rule says."),
        Key("quiet_period", List(&Of("quiet_period")), "Days on which nobody is written to."),
        Key(
            "cap",
            Any(&[Of("cap"), List(&Of("cap"))]),
            "How many enrollments one person may have over several themes.",
        ),
        Key("test", List(&Of("test")), "A test of the rules, in a file NAME.test.toml."),
    ],
};

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "portal",
        says: "The HubSpot account these rules are for.",
        required: &["id", "time_zone"],
        keys: &[
            Key(
                "id",
                ID,
                "Settings > Account > Hub ID. Events of other portals are refused. Required.",
            ),
            Key("name", Text, "For people."),
            Key(
                "time_zone",
                ZONE,
                "An IANA name such as America/New_York: what \"today\" and \"09:00\" mean. Required.",
            ),
            Key("calendar", Text, "A name of [calendars]: what \"working days\" means."),
            Key("our_domains", TEXTS, "Colleagues' domains: never enrolled."),
            Key(
                "ignore_own_app",
                Flag,
                "true: changes by this router's own HubSpot app start nothing.",
            ),
            Key("breaker", BREAKER, "Mass-change protection over all rules; \"off\" turns it off."),
            Key(
                "unenroll_bridge",
                Of("unenroll_bridge"),
                "How a sequence is left: HubSpot has no call for it.",
            ),
        ],
    },
    Shape {
        name: "unenroll_bridge",
        says: "The property that starts HubSpot's own unenrolling workflow.",
        required: &["property"],
        keys: &[
            Key("property", Text, "A contact property of your own. Required."),
            Key(
                "confirm_within",
                Duration,
                "How long the workflow may take before it counts as broken; 5 minutes unless told.",
            ),
        ],
    },
    Shape {
        name: "defaults",
        says: "Defaults of every rule.",
        required: &[],
        keys: &[
            Key("mode", MODE, "dry-run unless told. live belongs in the rule."),
            Key("settle", Duration, "30 seconds unless told, at most 1 hour."),
            Key(
                "stale_after",
                Duration,
                "An event older than this is not acted on; 4 days unless told.",
            ),
            Key("window", Text, "A name of [windows], or always."),
            Key("breaker", BREAKER, "200 matches in 10 minutes unless told."),
            Key("re_enroll", RE_ENROLL, "never unless told."),
            Key("expires", Duration, "7 days unless told."),
            Key("keep_history", Duration, "How long decisions are kept; 400 days unless told."),
        ],
    },
    Shape {
        name: "theme",
        says: "What a contact experiences, across sequences and workflows.",
        required: &[],
        keys: &[
            Key("says", Text, "For people."),
            Key("cooldown", Duration, "Rest after an enrollment has ended; 7 days unless told."),
            Key("blocks", TEXTS, "Themes that are silent while this one runs."),
            Key(
                "unknown_sequences",
                Flag,
                "true in one theme: hand-made sequences outside this file count as it.",
            ),
        ],
    },
    Shape {
        name: "sequence",
        says: "A HubSpot sequence: one-to-one email from a rep's inbox.",
        required: &["id", "theme"],
        keys: &[
            Key("id", ID, "The number in the sequence's URL. Required."),
            Key("theme", Text, "A name of [themes]. Required."),
            Key(
                "emails",
                Whole(1, 100),
                "How many emails it sends, for the forecast; 4 unless told.",
            ),
            Key("requires", TEXTS, "Contact properties its templates use: blank means skip."),
            Key("subscription", Text, "A name of [subscriptions] the contact must have."),
            Key(
                "max_length",
                Duration,
                "When it is over without other evidence; 60 days unless told.",
            ),
        ],
    },
    Shape {
        name: "workflow",
        says: "A HubSpot workflow.",
        required: &["id", "theme", "holds_for"],
        keys: &[
            Key("id", ID, "The number in the workflow's URL. Required."),
            Key("theme", Text, "A name of [themes]. Required."),
            Key("holds_for", Duration, "How long it lasts: HubSpot does not tell. Required."),
            Key("re_enrolls", Flag, "Whether HubSpot lets the same contact enter again."),
            Key(
                "runs_at_least",
                Duration,
                "It surely lasts this long, so that absence proves something.",
            ),
            Key("subscription", Text, "A name of [subscriptions] the contact must have."),
            Key(
                "via",
                Like("^(api|property:.+)$"),
                "api (the default), or property:NAME: how the contact enters it.",
            ),
            Key(
                "marker",
                Text,
                "A contact property that its first action stamps: then a run is seen however short it is.",
            ),
            Key("requires", TEXTS, "Contact properties it uses: blank means skip."),
        ],
    },
    Shape {
        name: "subscription",
        says: "A subscription type of HubSpot.",
        required: &["id", "require"],
        keys: &[
            Key("id", ID, "Its number in HubSpot. Required."),
            Key(
                "require",
                Words(&["subscribed", "not-opted-out"]),
                "What the contact must be. Required.",
            ),
        ],
    },
    Shape {
        name: "sender",
        says: "A HubSpot user in whose name sequences are sent.",
        required: &["email"],
        keys: &[
            Key("email", Text, "The inbox connected in HubSpot. Required."),
            Key("user_id", ID, "HubSpot's user id; looked up unless told."),
            Key("daily_budget", Whole(0, 10_000), "Enrollments in any 24 hours; 25 unless told."),
            Key(
                "when_full",
                Words(&["next", "wait"]),
                "next (the default) takes the next sender, wait keeps the place.",
            ),
            Key("pace", Duration, "The least time between two enrollments."),
            Key(
                "send_limit",
                Whole(1, 1_000_000),
                "Emails in 24 hours as set in HubSpot, for the forecast.",
            ),
            Key("weight", Whole(1, 1000), "The share in a weighted team; 1 unless told."),
            Key("away", List(&Of("away")), "Days on which others send."),
            Key("time_zone", ZONE, "An IANA name; HubSpot's unless told."),
            Key("alias", Text, "The address written from."),
        ],
    },
    Shape {
        name: "away",
        says: "From a day to a day, both included.",
        required: &["from", "until"],
        keys: &[Key("from", Date, "The first day."), Key("until", Date, "The last day.")],
    },
    Shape {
        name: "team",
        says: "Senders who take turns.",
        required: &["members"],
        keys: &[
            Key("members", TEXTS, "Names of [senders]. Required."),
            Key(
                "share",
                Words(&["even", "weighted"]),
                "even unless told; weighted follows each sender's weight.",
            ),
            Key(
                "same_company",
                Words(&["any", "same-sender"]),
                "same-sender: one company hears from one person.",
            ),
        ],
    },
    Shape {
        name: "window",
        says: "Hours in which calls may leave.",
        required: &["days", "from", "until"],
        keys: &[
            Key(
                "days",
                List(&Words(&["mon", "tue", "wed", "thu", "fri", "sat", "sun"])),
                "Days of the week. Required.",
            ),
            Key("from", CLOCK, "The first minute, as 09:00. Required."),
            Key("until", CLOCK, "The minute it ends, as 17:00. Required."),
            Key(
                "time_zone",
                Any(&[Words(&["sender", "contact", "portal"]), ZONE]),
                "Whose clock, or an IANA name.",
            ),
            Key("calendar", Text, "A name of [calendars]: holidays are closed."),
            Key(
                "spread",
                Duration,
                "Calls are spread over this time after the opening; 10 minutes unless told.",
            ),
            Key(
                "unknown_contact_zone",
                ZONE,
                "Where the contact's zone is not known; the portal's unless told.",
            ),
        ],
    },
    Shape {
        name: "calendar",
        says: "Holidays.",
        required: &["holidays"],
        keys: &[Key("holidays", List(&Date), "Dates. Required.")],
    },
    Shape {
        name: "hubspot_list",
        says: "A list of HubSpot.",
        required: &["id"],
        keys: &[Key("id", ID, "Its number in HubSpot. Required.")],
    },
    Shape {
        name: "quiet_period",
        says: "Days on which nobody is written to.",
        required: &["says", "from", "until"],
        keys: &[
            Key("says", Text, "Why. Required."),
            Key("from", Date, "The first day, in the portal's zone. Required."),
            Key("until", Date, "The last day. Required."),
            Key("themes", TEXTS, "Only these themes; all unless told."),
        ],
    },
    Shape {
        name: "cap",
        says: "How many enrollments one person may have.",
        required: &["max", "within"],
        keys: &[
            Key("max", Whole(1, 1_000_000), "Enrollments of one person. Required."),
            Key("within", Duration, "The time they are counted in. Required."),
            Key("themes", TEXTS, "Only these themes; all unless told."),
        ],
    },
    Shape {
        name: "list_file",
        says: "A text file in the rules folder, one value a line.",
        required: &["file"],
        keys: &[Key("file", Text, "Its path inside the rules folder.")],
    },
];
