//! Which arm of a split somebody is in is told by every record of them, the last one too.

use crate::harness::{Harness, LONG, Setup, rule};

#[test]
fn the_record_of_an_enrollment_names_the_arm_it_came_from() {
    let arms = "split = [\n  { name = \"mail\", percent = 50, sequence = \"intro\", sender = \
                [\"user:rep\"] },\n  { name = \"course\", percent = 50, workflow = \"nurture\" },\n]";
    let rule =
        rule("stage", "workflow nurture").replace("enroll = { workflow = \"nurture\" }", arms);
    let harness = Harness::start(Setup::with(rule));
    for contact in 1..=8 {
        assert!(harness.deliver(contact, "stage", "hot"));
    }
    harness.wait_until_idle(LONG);
    for contact in 1..=8 {
        let rows = harness.decisions(&format!("contact={contact}"));
        let last = rows.last().expect("a record");
        let (target, arm) = (&last["target"], &last["arm"]);
        let expected = if target == "intro" { "mail" } else { "course" };
        assert_eq!((&last["decision"], arm), (&"enroll".into(), &expected.into()), "{rows:?}");
    }
}
