//! Keys of `[[test]]` (RULES.md section 2).

use super::rule_keys::TEXTS;
use super::shape::Kind::{
    Any, Duration, Flag, Like, List, Moment, Named, Of, Scalar, Text, Whole, Words,
};
use super::shape::{ID_MAX, Key, Kind, Shape};

const PERSON: Kind = Named(&Scalar);
const COUNTS: Kind = Named(&Whole(0, 1_000_000));
const AGO: Kind = Any(&[Like(" ago$"), Moment]);

pub(super) const SHAPES: &[Shape] = &[
    Shape {
        name: "test",
        says: "What should be decided of one change, with no HubSpot and no clock.",
        required: &[],
        keys: &[
            Key("says", Text, "The sentence shown when it fails. Required."),
            Key("at", Moment, "Now, with its offset: 2026-11-24T10:00:00-05:00. Required."),
            Key("contact", PERSON, "Properties as HubSpot sends them (texts), with owner and id."),
            Key("company", PERSON, "Properties of the primary company."),
            Key(
                "deals",
                List(&PERSON),
                "Properties of deals; trigger = true marks the one that started it.",
            ),
            Key("in_lists", TEXTS, "Names of [hubspot_lists] the contact is in."),
            Key("consent", Named(&Text), "The contact's status by name of [subscriptions]."),
            Key("already", List(&Of("already")), "What the contact is or was in."),
            Key("used", COUNTS, "Enrollments of the last 24 hours by sender."),
            Key("recent", COUNTS, "Matches inside the breaker's time by rule."),
            Key("breaker", Named(&Words(&["open", "closed"])), "The breaker's state by rule."),
            Key("enrolled", COUNTS, "Enrollments inside each of a rule's limits by rule."),
            Key("event", Of("event"), "What happened."),
            Key("events", List(&Of("event")), "A burst, in order."),
            Key("expect", Of("expect"), "What should be decided; only what is named is compared."),
            Key("rows", List(&Of("test")), "Variations: each row overrides keys."),
            Key("then", List(&Of("moment")), "Later moments."),
        ],
    },
    Shape {
        name: "already",
        says: "An enrollment before the test begins.",
        required: &["started"],
        keys: &[
            Key("in", Text, "A name of [sequences] or [workflows]."),
            Key("sequence_id", Whole(1, ID_MAX), "A sequence outside the address book."),
            Key("started", AGO, "\"3 days ago\", or a date-time. Required."),
            Key("ended", AGO, "The same, where it has ended."),
            Key("rule", Text, "The rule that did it."),
        ],
    },
    Shape {
        name: "event",
        says: "A change as HubSpot reports it.",
        required: &[],
        keys: &[
            Key("property", Text, "The contact property that changed."),
            Key("company", Text, "The company property that changed."),
            Key("deal", Text, "The deal property that changed."),
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
            Key("from", Text, "The value before; unknown unless told."),
            Key("to", Text, "The new value."),
            Key("source", Text, "HubSpot's changeSource, for example FORM."),
            Key("delivered", Whole(1, 11), "How often HubSpot delivers it; once unless told."),
            Key("occurred", AGO, "\"2 hours ago\", or a date-time."),
            Key("after", Duration, "In events: how long after the one before."),
            Key("merged", Flag, "A merge wrote it."),
            Key("own", Flag, "This router's own app wrote it."),
        ],
    },
    Shape {
        name: "expect",
        says: "What should be decided; only what is named is compared.",
        required: &[],
        keys: &[
            Key(
                "decision",
                Words(&["enroll", "unenroll", "wait", "hold", "skip", "ignore", "fail"]),
                "What was decided.",
            ),
            Key("rule", Text, "By which rule."),
            Key("into", Text, "Where to."),
            Key("sender", Text, "In whose name."),
            Key("reason", Text, "The reason code: docs/reasons.md."),
            Key("by", Text, "The suppression, or the rule that came first."),
            Key("until", Moment, "When it comes back."),
            Key("arm", Text, "The arm of a split."),
            Key("from", TEXTS, "What the contact was taken out of."),
        ],
    },
    Shape {
        name: "moment",
        says: "A later moment of the test.",
        required: &["later"],
        keys: &[
            Key("later", Duration, "How long after at. Required."),
            Key("contact", PERSON, "Properties that changed meanwhile."),
            Key("company", PERSON, "The company by then."),
            Key("deals", List(&PERSON), "The deals by then."),
            Key("in_lists", TEXTS, "The lists by then."),
            Key("consent", Named(&Text), "The consent by then."),
            Key("expect", Of("expect"), "What should be decided by then."),
        ],
    },
];
