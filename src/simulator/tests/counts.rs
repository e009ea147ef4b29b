//! The counts that judge: what is a duplicate, an overlap, a lost contact, and what is not.

use serde_json::json;

use super::World;

/// Duplicates, overlaps, repeats, lost.
#[track_caller]
fn check(world: &World, expected: (usize, usize, usize, usize)) {
    let counts = world.simulator.counts();
    let got = (counts.duplicates, counts.overlaps, counts.repeats, counts.lost);
    assert_eq!(got, expected, "duplicates, overlaps, repeats, lost");
}

/// A world whose sequences take a second enrollment, with two conversations; sales blocks nurture.
fn start() -> World {
    let world = World::start();
    let patch = json!({
        "settings": {"already_enrolled": "book"},
        "conversations": [
            {"name": "sales", "sequences": [101, 102], "workflows": [503], "blocks": ["nurture"]},
            {"name": "nurture", "workflows": [501]},
        ],
    });
    world.simulator.put_state(patch).expect("conversations");
    world
}

async fn end(world: &World, contact: u64, how: &str) {
    let body = json!({"contact": contact, "how": how});
    assert_eq!(world.ask("POST /_sim/enrollments/end", body).await.0, 200);
}

#[tokio::test]
async fn one_enrollment_each_is_no_fault() {
    let world = start();
    assert_eq!(world.enroll(1, 101).await.0, 200);
    assert_eq!(world.enroll(2, 101).await.0, 200);
    check(&world, (0, 0, 0, 0));
    assert_eq!(world.simulator.counts().per_contact.values().collect::<Vec<_>>(), [&1, &1]);
}

#[tokio::test]
async fn the_same_target_while_active_is_a_duplicate() {
    let world = start();
    world.enroll(1, 101).await;
    world.enroll(1, 101).await;
    check(&world, (1, 0, 1, 0));
    world.flow(13, "bob%40b.test").await;
    world.flow(13, "bob%40b.test").await;
    check(&world, (2, 0, 2, 0));
}

#[tokio::test]
async fn the_same_target_after_its_end_is_a_repeat_and_no_duplicate() {
    let world = start();
    for how in ["reply", "finish", "unenroll"] {
        world.enroll(1, 101).await;
        end(&world, 1, how).await;
    }
    check(&world, (0, 0, 2, 0));
    world.flow(14, "bob%40b.test").await;
    world.flow(14, "bob%40b.test").await;
    check(&world, (0, 0, 3, 0));
}

#[tokio::test]
async fn a_workflow_is_over_when_it_has_run_or_was_left_whichever_is_first() {
    let world = start();
    world.flow(15, "bob%40b.test").await;
    world.get("DELETE /automation/v2/workflows/15/enrollments/contacts/bob%40b.test").await;
    world.flow(15, "bob%40b.test").await;
    check(&world, (0, 0, 1, 0));
    world.flow(15, "bob%40b.test").await;
    check(&world, (1, 0, 2, 0));
    let later = json!({"settings": {"clock_offset_ms": 61_000}});
    world.simulator.put_state(later).expect("a setting");
    world.flow(15, "bob%40b.test").await;
    check(&world, (1, 0, 3, 0));
}

#[tokio::test]
async fn two_targets_of_one_conversation_at_once_overlap() {
    let world = start();
    world.enroll(1, 101).await;
    world.enroll(1, 102).await;
    check(&world, (0, 1, 0, 0));
    world.flow(13, "ann%2Bx%40a.test").await;
    check(&world, (0, 2, 0, 0));
}

#[tokio::test]
async fn one_after_the_other_does_not_overlap() {
    let world = start();
    world.enroll(1, 101).await;
    end(&world, 1, "reply").await;
    world.enroll(1, 102).await;
    check(&world, (0, 0, 0, 0));
}

#[tokio::test]
async fn blocking_works_in_its_direction_only() {
    let world = start();
    world.enroll(1, 101).await;
    world.flow(11, "ann%2Bx%40a.test").await;
    check(&world, (0, 1, 0, 0));
    world.flow(11, "bob%40b.test").await;
    world.enroll(2, 101).await;
    check(&world, (0, 1, 0, 0));
}

#[tokio::test]
async fn what_a_person_does_by_hand_is_no_fault_but_counts_as_active() {
    let world = start();
    world.enroll(1, 101).await;
    let by_hand = json!({"contact": 1, "sequence": 101, "user": 71});
    assert_eq!(world.ask("POST /_sim/enrollments", by_hand).await.0, 200);
    check(&world, (0, 0, 0, 0));
    let by_hand = json!({"contact": 2, "sequence": 102});
    assert_eq!(world.ask("POST /_sim/enrollments", by_hand).await.0, 200);
    world.enroll(2, 101).await;
    check(&world, (0, 1, 0, 0));
    assert_eq!(world.simulator.counts().by_hand, 2);
}

#[tokio::test]
async fn a_merge_carries_enrollments_and_makes_no_overlap_by_itself() {
    let world = start();
    world.enroll(1, 101).await;
    world.enroll(2, 102).await;
    let merge = json!({"primary": 1, "merged": [2]});
    assert_eq!(world.ask("POST /_sim/merge", merge).await.0, 200);
    check(&world, (0, 0, 0, 0));
    world.enroll(2, 102).await;
    check(&world, (1, 1, 1, 0));
}

#[tokio::test]
async fn expected_contacts_are_lost_until_enrolled() {
    let world = start();
    world.simulator.put_state(json!({"expect": [1, 2]})).expect("expectations");
    check(&world, (0, 0, 0, 2));
    world.enroll(1, 101).await;
    check(&world, (0, 0, 0, 1));
    assert_eq!(world.simulator.counts().lost_contacts, [crate::simulator::Id::from("2")]);
    let by_hand = json!({"contact": 2, "sequence": 101});
    world.ask("POST /_sim/enrollments", by_hand).await;
    check(&world, (0, 0, 0, 1));
    world.flow(14, "bob%40b.test").await;
    check(&world, (0, 0, 0, 0));
}

#[tokio::test]
async fn calls_are_counted_by_endpoint_outcome_and_profile() {
    let world = start();
    world.enroll(1, 101).await;
    world.enroll(1, 999).await;
    world.get("GET /crm/v3/objects/contacts/1").await;
    let counts = serde_json::to_value(world.simulator.counts()).expect("JSON");
    assert_eq!(counts["calls"]["enroll-sequence"], json!({"200": 1, "404": 1}));
    assert_eq!(counts["dialects"], json!({"2026-03": 2, "v4": 1}));
    assert_eq!(counts["phases"][0]["contact"], "1");
    assert!(counts["phases"][0]["answered_at"].is_u64());
    assert_eq!(counts["phases"][1]["applied_at"], json!(null));
}
