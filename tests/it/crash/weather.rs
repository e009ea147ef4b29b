//! What goes wrong in HubSpot during a run: answers lost before and after the effect, 5xx, 429,
//! hangs, answers that are cut off or no answers at all.

use serde_json::{Value, json};

use crate::mistakes::chance::Chance;

/// At most so many faults between two kills.
const FAULTS_MAX: usize = 4;
/// A fault lets at most so many calls pass first.
const AFTER_MAX: usize = 8;

/// The faults from one kill to the next.
pub(super) fn faults(chance: &mut Chance) -> Value {
    let kinds = kinds();
    let faults = (0..chance.below(FAULTS_MAX + 1)).map(|_| {
        let mut fault = kinds[chance.below(kinds.len())].clone();
        fault["after"] = json!(chance.below(AFTER_MAX));
        if fault["times"].is_null() {
            fault["times"] = json!(1);
        }
        fault
    });
    faults.collect()
}

fn kinds() -> Vec<Value> {
    let mut kinds = vec![
        json!({"on": "any", "kind": "429", "retry_after": 1}),
        json!({"on": "any", "kind": "delay", "ms": 150, "times": 4}),
        json!({"on": "read-contact", "kind": "502"}),
        json!({"on": "read-contact", "kind": "drop-before"}),
        json!({"on": "read-enrollment", "kind": "500"}),
        json!({"on": "read-workflows", "kind": "apply-then-drop"}),
        json!({"on": "map-workflow-ids", "kind": "503"}),
    ];
    for on in ["enroll-sequence", "enroll-workflow"] {
        kinds.extend([
            json!({"on": on, "kind": "apply-then-drop"}),
            json!({"on": on, "kind": "drop-before"}),
            json!({"on": on, "kind": "502"}),
            json!({"on": on, "kind": "503", "effect": true}),
            json!({"on": on, "kind": "truncated"}),
            json!({"on": on, "kind": "wrong-shape"}),
            json!({"on": on, "kind": "hang", "ms": 300}),
            json!({"on": on, "kind": "apply-then-hang", "ms": 300}),
        ]);
    }
    kinds
}
