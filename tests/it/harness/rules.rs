//! The small portal of these tests: its address book, its rules and its state in HubSpot.

use serde_json::{Value, json};

/// One theme with a sequence, and workflows of every kind that a lost answer tells apart.
pub(crate) const BOOK: &str = r#"
[portal]
id        = 33
time_zone = "UTC"

[defaults]
settle = "0 seconds"
breaker = "off"

[themes.sales]
says     = "A rep writes"
cooldown = "0 days"

[sequences.intro]
id    = 101
theme = "sales"

[workflows.nurture]
id         = 501
theme      = "sales"
holds_for  = "45 days"
re_enrolls = false

[workflows.again]
id        = 502
theme     = "sales"
holds_for = "45 days"

[workflows.off]
id            = 503
theme         = "sales"
holds_for     = "45 days"
runs_at_least = "2 days"

[senders.rep]
email        = "rep@us.test"
user_id      = 71
daily_budget = 10000
"#;

/// A live rule on any change of `property`.
pub(crate) fn rule(property: &str, into: &str) -> String {
    let enroll = match into.split_once(' ') {
        Some(("sequence", name)) => {
            format!("{{ sequence = \"{name}\", sender = [\"user:rep\"] }}")
        }
        Some(("workflow", name)) => format!("{{ workflow = \"{name}\" }}"),
        _ => panic!("{into}: sequence NAME or workflow NAME"),
    };
    format!(
        "[[rule]]\nid = \"on-{property}\"\nsays = \"Whoever changes {property} is enrolled\"\n\
         mode = \"live\"\nwhen = {{ property = \"{property}\", changes = true }}\n\
         enroll = {enroll}\n\n"
    )
}

/// The portal in HubSpot, with `patch` over it.
pub(super) fn state(contacts: u64, patch: Value) -> Value {
    let contact = |id: u64| json!({"id": id, "properties": {"email": format!("c{id}@a.test")}});
    let mut state = json!({
        "portal": 33,
        "contacts": (1..=contacts).map(contact).collect::<Vec<_>>(),
        "users": [
            {"id": 71, "email": "rep@us.test", "seats": ["sales-pro"], "inboxes": ["rep@us.test"]},
            {"id": 72, "email": "two@us.test", "seats": ["sales-pro"], "inboxes": ["two@us.test"]},
        ],
        "sequences": [{"id": 101, "name": "Intro"}, {"id": 102, "name": "Other"}],
        "workflows": [
            {"flow": 501, "workflow": 11, "name": "Nurture"},
            {"flow": 502, "workflow": 12, "name": "Again", "re_enrolls": true},
            {"flow": 503, "workflow": 13, "name": "Off", "enabled": false},
        ],
        "conversations": [{"name": "sales", "sequences": [101, 102], "workflows": [501, 502, 503]}],
        // A second enrollment is booked and not refused: it must not hide a mistake of ours.
        "settings": {"already_enrolled": "book", "no_enrollment": "no-content"},
    });
    let Value::Object(patch) = patch else { panic!("a patch is an object") };
    for (key, value) in patch {
        match (key.as_str(), value) {
            ("settings", Value::Object(settings)) => {
                for (name, value) in settings {
                    state["settings"][name] = value;
                }
            }
            (key, value) => state[key] = value,
        }
    }
    state
}
