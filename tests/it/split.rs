//! Which arm of a split somebody is in is told by their records.

use crate::harness::{Harness, LONG, Setup, rule};

#[test]
fn a_record_names_the_arm_it_came_from() {
    let arms = "split = [\n  { name = \"mail\", percent = 50, sequence = \"intro\", sender = \
                [\"user:rep\"] },\n  { name = \"course\", percent = 50, workflow = \"nurture\" },\n]";
    let rule = rule("stage", "workflow nurture")
        .replace("enroll = { workflow = \"nurture\" }", arms)
        .replace("\"live\"", "\"dry-run\"");
    let harness = Harness::start(Setup::with(rule));
    for contact in 1..=8 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    harness.wait_until_idle(LONG);
    for contact in 1..=8 {
        let rows = harness.decisions(&format!("contact={contact}"));
        let last = rows.last().expect("a record");
        let expected = if last["target"] == "intro" { "mail" } else { "course" };
        assert_eq!(last["arm"], expected, "{rows:?}");
    }
}
