//! Keys of `[[rule]]` and `[[suppress]]`, and of what stands inside them (RULES.md 1.3, 1.4).

use super::shape::Kind::{
    Any, Date, Duration, Flag, Like, List, Of, Scalar, Text, True, Whole, Words,
};
use super::shape::{Key, Kind, Shape};

const ID: Kind = Like("^[a-z0-9-]+$");
const CONDITIONS: Kind = List(&Of("condition"));
const LIST: Kind = Any(&[Like("^@"), List(&Scalar)]);
const PAIR: Kind = List(&Scalar);
const MOMENT: Kind = Any(&[Date, Text]);
const MANY: Kind = Whole(1, 1_000_000);
/// `mode` of a rule.
pub(super) const MODE: Kind = Words(&["live", "dry-run", "approval", "off"]);
/// `breaker`.
pub(super) const BREAKER: Kind = Any(&[Of("breaker"), Words(&["off"])]);
/// `re_enroll`.
pub(super) const RE_ENROLL: Kind = Any(&[Words(&["never", "when-finished"]), Like("^after ")]);
/// A list of texts.
pub(super) const TEXTS: Kind = List(&Text);

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "rule",
        says: "When one change happens, only if this holds, unless that holds: enroll.",
        required: &["id", "says", "when"],
        keys: &[
            Key(
                "id",
                ID,
                "Stable name (a-z, 0-9, -), used in logs, tests and the store. Required.",
            ),
            Key("was", Text, "The former id: what is known and what waits stays with the rule."),
            Key("says", Text, "One sentence a colleague would understand. Required."),
            Key(
                "mode",
                MODE,
                "live acts, dry-run (the default) only watches, approval asks a person, off does nothing.",
            ),
            Key("when", Of("when"), "The one change that starts the rule. Required."),
            Key("only_if", CONDITIONS, "Conditions that must all hold."),
            Key("unless", CONDITIONS, "Conditions of which none may hold."),
            Key(
                "settle",
                Duration,
                "Let other automations finish first; 0 seconds to 1 hour, 30 seconds unless told.",
            ),
            Key("wait_for", Of("wait_for"), "Wait until a property is known."),
            Key(
                "delay",
                Duration,
                "Wait this long after the change, then decide again on fresh data.",
            ),
            Key(
                "enroll",
                Of("enroll"),
                "Where the contact goes: a sequence with its sender, or a workflow.",
            ),
            Key("unenroll", Of("unenroll"), "What the contact is taken out of."),
            Key(
                "then_enroll",
                Of("enroll"),
                "Where the contact goes once the unenrollment is confirmed.",
            ),
            Key(
                "split",
                List(&Of("arm")),
                "Arms that share the contacts, by a stable hash of the person; 100 percent in all.",
            ),
            Key(
                "priority",
                Whole(1, 1000),
                "Who wins inside a theme: 1 is first, 500 unless told.",
            ),
            Key(
                "if_blocked",
                Words(&["stop", "next"]),
                "next lets the theme's next rule try when this one is blocked; stop (the default) does not.",
            ),
            Key(
                "re_enroll",
                RE_ENROLL,
                "never (the default), when-finished, or \"after 180 days\": may the same person enter this rule again.",
            ),
            Key(
                "on_conflict",
                Words(&["skip", "wait", "replace"]),
                "What to do when the theme is occupied; skip unless told. replace stops what is running.",
            ),
            Key(
                "wait_up_to",
                Duration,
                "The limit of on_conflict = \"wait\"; 14 days unless told.",
            ),
            Key("enroll_merged", Flag, "true: a change that a merge wrote may enroll too."),
            Key("window", Text, "When a call may leave: a name of [windows], or always."),
            Key("limits", Of("limits"), "Rolling counts for this rule."),
            Key("breaker", BREAKER, "Mass-change protection; \"off\" turns it off."),
            Key(
                "expires",
                Duration,
                "A waiting decision older than this is dropped; 7 days unless told, from when it was first due.",
            ),
            Key(
                "approve_within",
                Duration,
                "With mode = \"approval\": when a request lapses; 7 days unless told.",
            ),
            Key("starts", MOMENT, "First day on which the rule fires, in the portal's zone."),
            Key("ends", MOMENT, "Last day on which the rule fires, in the portal's zone."),
            Key("tags", TEXTS, "For people and filters."),
            Key("owner", Text, "Who looks after the rule."),
        ],
    },
    Shape {
        name: "when",
        says: "A property (or company, deal, event) and the change of it that starts the rule.",
        required: &[],
        keys: &[
            Key("property", Text, "A contact property."),
            Key("company", Text, "A property of the company; say which contacts."),
            Key("deal", Text, "A property of a deal; say which contacts."),
            Key(
                "event",
                Words(&[
                    "contact-created",
                    "contact-restored",
                    "deal-created",
                    "deal-associated",
                    "company-associated",
                ]),
                "Something other than a property change.",
            ),
            Key(
                "contacts",
                Like("^(all|primary|label:.+)$"),
                "Which contacts of the deal (all, label:NAME) or the company (primary, all).",
            ),
            Key(
                "from_sources",
                TEXTS,
                "Only these HubSpot changeSources, for example FORM or CRM_UI.",
            ),
            Key(
                "not_from_sources",
                TEXTS,
                "None of these HubSpot changeSources, for example IMPORT.",
            ),
            Key("becomes", Scalar, "A move from any other value to this one."),
            Key(
                "becomes_any_of",
                LIST,
                "A move from none of these values to one of them; or \"@name\" of [values].",
            ),
            Key("becomes_known", True, "From blank to any value."),
            Key("becomes_blank", True, "From any value to blank."),
            Key("changes", True, "Any change, clearing too."),
            Key("rises_to", Scalar, "From below this number to it or above."),
            Key("falls_to", Scalar, "From above this number to it or below."),
        ],
    },
    Shape {
        name: "condition",
        says: "One subject and one operator, for example { property = \"country\", is = \"US\" }.",
        required: &[],
        keys: &[
            Key("property", Text, "A contact property."),
            Key("company", Text, "A property of the primary company."),
            Key("deal", Text, "A property of the contact's deals; which says of which."),
            Key(
                "which",
                Words(&["any", "all", "latest", "open", "trigger"]),
                "Which deals; any unless told.",
            ),
            Key("email_domain", Text, "A list of [domains], or free-mail; sub-domains included."),
            Key("in_list", Text, "A name of [hubspot_lists]."),
            Key("in_theme", Text, "In a sequence or workflow of this theme now."),
            Key(
                "was_enrolled_in",
                Text,
                "A sequence or workflow this router enrolled the contact in.",
            ),
            Key("within", Duration, "With was_enrolled_in: how long ago at most."),
            Key("any", CONDITIONS, "At least one of these holds."),
            Key("all", CONDITIONS, "All of these hold."),
            Key("none", CONDITIONS, "None of these holds."),
            Key("or_unknown", Flag, "Lets a blank pass a negative operator."),
            Key("exact_case", Flag, "Compares text with its case."),
            Key("is", Scalar, "Equals; text in any case, options exactly."),
            Key("is_not", Scalar, "Differs; a blank passes only with or_unknown."),
            Key("is_any_of", LIST, "One of these; or \"@name\" of [values]."),
            Key("is_none_of", LIST, "None of these; a blank passes only with or_unknown."),
            Key("contains", Text, "The text holds this."),
            Key(
                "does_not_contain",
                Text,
                "The text does not hold this; a blank passes only with or_unknown.",
            ),
            Key("starts_with", Text, "The text begins with this."),
            Key("ends_with", Text, "The text ends with this."),
            Key("is_like", Text, "The text has this form; * stands for anything."),
            Key("is_known", True, "There is a value."),
            Key("is_unknown", True, "There is no value."),
            Key("is_at_least", Scalar, "A number, this or more."),
            Key("is_at_most", Scalar, "A number, this or less."),
            Key("is_more_than", Scalar, "A number above this."),
            Key("is_less_than", Scalar, "A number below this."),
            Key("is_between", PAIR, "[a, b]: a number or a date from a to b, both included."),
            Key("is_before", Scalar, "A date before this."),
            Key("is_after", Scalar, "A date after this."),
            Key("is_on_or_before", Scalar, "This date or before."),
            Key("is_on_or_after", Scalar, "This date or after."),
            Key("is_within_last", Duration, "A date at most this long ago."),
            Key("is_within_next", Duration, "A date at most this far ahead."),
            Key("is_more_than_ago", Duration, "A date longer ago than this."),
            Key("is_more_than_ahead", Duration, "A date further ahead than this."),
            Key(
                "contains_any_of",
                LIST,
                "A property with several values holds at least one of these.",
            ),
            Key("contains_all_of", LIST, "A property with several values holds all of these."),
            Key("contains_none_of", LIST, "A property with several values holds none of these."),
            Key("is_exactly", LIST, "A property with several values holds exactly these."),
            Key("in_team", Text, "The owner is a member of this team of [teams]."),
        ],
    },
    Shape {
        name: "enroll",
        says: "A sequence with its sender, or a workflow.",
        required: &[],
        keys: &[
            Key("sequence", Text, "A name of [sequences]."),
            Key("workflow", Text, "A name of [workflows]."),
            Key(
                "sender",
                List(&Like("^(contact-owner|company-owner|deal-owner|user:.+|team:.+)$")),
                "Who sends a sequence, the first usable one: contact-owner, company-owner, deal-owner, user:NAME, team:NAME.",
            ),
        ],
    },
    Shape {
        name: "unenroll",
        says: "One thing to leave.",
        required: &[],
        keys: &[
            Key("themes", TEXTS, "Everything of these themes."),
            Key("sequence", Text, "A name of [sequences]."),
            Key("workflow", Text, "A name of [workflows]."),
            Key("everything", True, "Whatever this router knows the contact is in."),
        ],
    },
    Shape {
        name: "arm",
        says: "One arm of a split.",
        required: &["name", "percent"],
        keys: &[
            Key("name", Text, "The arm's name, in records and tests."),
            Key("percent", Whole(1, 100), "Its share of the contacts."),
            Key("sequence", Text, "A name of [sequences]."),
            Key("workflow", Text, "A name of [workflows]."),
            Key("nothing", True, "The control group: not enrolled."),
            Key("sender", TEXTS, "Who sends the sequence."),
        ],
    },
    Shape {
        name: "wait_for",
        says: "A property to wait for.",
        required: &["property", "up_to"],
        keys: &[
            Key("property", Text, "The contact property that must be known."),
            Key("up_to", Duration, "The longest wait, at most 24 hours."),
            Key(
                "then",
                Words(&["skip", "continue"]),
                "When it is still blank: skip (the default), or continue.",
            ),
        ],
    },
    Shape {
        name: "limits",
        says: "Rolling counts of one rule.",
        required: &[],
        keys: &[
            Key("per_day", MANY, "Enrollments in any 24 hours."),
            Key("per_hour", MANY, "Enrollments in any hour."),
            Key("per_company", MANY, "People of one company in the same sequence or workflow."),
            Key(
                "on_limit",
                Words(&["wait", "skip"]),
                "wait (the default) keeps the place, skip drops.",
            ),
        ],
    },
    Shape {
        name: "breaker",
        says: "Mass-change protection: more matches than max within a time open it.",
        required: &["max", "within"],
        keys: &[
            Key("max", MANY, "Matches that are still usual."),
            Key("within", Duration, "The time they are counted in."),
            Key(
                "then",
                Words(&["hold", "discard"]),
                "hold (the default) asks a person, discard skips.",
            ),
        ],
    },
    Shape {
        name: "suppress",
        says: "Who is never enrolled, whatever a rule says.",
        required: &["id", "says", "if"],
        keys: &[
            Key("id", ID, "Stable name (a-z, 0-9, -). Required."),
            Key("says", Text, "Why, in one sentence. Required."),
            Key("if", CONDITIONS, "Conditions that must all hold. Required."),
            Key("themes", TEXTS, "Only these themes; all unless told."),
            Key("also_unenroll", Flag, "true: who comes to match is taken out too."),
            Key("until", Date, "Last day, in the portal's zone."),
            Key("mode", Words(&["live", "dry-run"]), "live unless told."),
        ],
    },
];
