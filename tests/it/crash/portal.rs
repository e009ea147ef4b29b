//! The portal of these runs: who changes what, and what must come of it. Written down here once,
//! and read by the sender and the judge; the router knows nothing of it.

use serde_json::{Value, json};

use crate::harness::{BOOK, Setup, rule};

/// The conversations; at most one enrollment of a person in each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Conversation {
    /// A sequence, or a workflow that ignores whoever was in it.
    Sales,
    /// A workflow that takes people again and is over at once: nobody can see who was in it.
    Care,
}

/// The properties that rules listen to, and where a change of each leads.
pub(super) const WATCHED: [(&str, Conversation); 3] =
    [("stage", Conversation::Sales), ("need", Conversation::Sales), ("size", Conversation::Care)];

/// The value every watched property gets.
pub(super) const VALUE: &str = "hot";

/// What a contact changes.
pub(super) fn changes_of(contact: u64) -> &'static [&'static str] {
    match contact % 6 {
        0 | 1 => &["stage"],
        2 => &["need"],
        // Two rules want the same conversation, on two channels.
        3 => &["stage", "need"],
        4 => &["size"],
        _ => &["stage", "size"],
    }
}

/// The conversation of a target, by the name the rules give it.
pub(super) fn of_target(name: &str) -> Option<Conversation> {
    match name {
        "intro" | "nurture" => Some(Conversation::Sales),
        "again" => Some(Conversation::Care),
        _ => None,
    }
}

/// The conversation of a HubSpot id, of a sequence or of a flow.
pub(super) fn of_id(id: u64) -> Conversation {
    if id == AGAIN { Conversation::Care } else { Conversation::Sales }
}

const AGAIN: u64 = 502;
/// How long HubSpot's workflow `again` runs.
const INSTANT_MS: u64 = 1;

/// A router for this portal. `how_nothing_looks` is HubSpot's answer about somebody who is in
/// nothing.
pub(super) fn setup(how_nothing_looks: &str) -> Setup {
    let book = BOOK
        .replace("id        = 502\ntheme     = \"sales\"", "id        = 502\ntheme     = \"care\"")
        + "\n[themes.care]\nsays = \"Marketing writes\"\ncooldown = \"0 days\"\n";
    let rules = rule("stage", "sequence intro")
        + &rule("need", "workflow nurture")
        + &rule("size", "workflow again");
    let state = json!({
        "workflows": [
            {"flow": 501, "workflow": 11, "name": "Nurture"},
            {"flow": AGAIN, "workflow": 12, "name": "Again", "re_enrolls": true,
             "runs_for_ms": INSTANT_MS},
        ],
        "conversations": [
            {"name": "sales", "sequences": [101], "workflows": [501]},
            {"name": "care", "workflows": [AGAIN]},
        ],
        "settings": {"no_enrollment": how_nothing_looks},
    });
    Setup::with_book(&book, rules).contacts(1).state(state)
}

/// The contacts as they are once all of them have changed, at this moment.
pub(super) fn contacts(count: u64, changed_at: u64) -> Value {
    let contact = |id: u64| {
        let mut properties = json!({ "email": format!("c{id}@a.test") });
        for name in changes_of(id) {
            properties[name] = json!(VALUE);
        }
        json!({ "id": id, "properties": properties, "created": changed_at })
    };
    (1..=count).map(contact).collect()
}
