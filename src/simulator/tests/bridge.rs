//! The bridge workflow: started by a stamp, slow, turned off, looking again.

use serde_json::{Value, json};

use super::World;

/// Contact 1 in sequence 101; the bridge listens to `out`.
async fn start(bridge: Value) -> World {
    let world = World::start();
    let mut bridge = bridge;
    bridge["property"] = json!("out");
    world.ask("PUT /_sim/state", json!({"settings": {"bridge": bridge}})).await;
    assert_eq!(world.enroll(1, 101).await.0, 200);
    world
}

async fn stamp(world: &World, value: &str) {
    let body = json!({"properties": {"out": value}});
    let (status, _) = world.ask("PATCH /crm/objects/2026-03/contacts/1", body).await;
    assert_eq!(status, 200);
}

/// Lets so many milliseconds pass since the start.
async fn pass(world: &World, ms: i64) {
    world.ask("PUT /_sim/state", json!({"settings": {"clock_offset_ms": ms}})).await;
}

/// Stamps that started it, runs that unenrolled, runs that found nothing to do.
#[track_caller]
fn check(world: &World, expected: (usize, usize, usize)) {
    let counts = world.simulator.counts();
    let bridge = counts.bridge;
    assert_eq!((bridge.started, bridge.unenrolled, bridge.idle), expected);
    assert_eq!(counts.unenrolled, bridge.unenrolled);
}

#[tokio::test]
async fn a_stamp_ends_the_sequence_when_its_time_has_come() {
    let world = start(json!({"after_ms": 60_000})).await;
    stamp(&world, "1.0.out").await;
    check(&world, (1, 0, 0));
    pass(&world, 61_000).await;
    check(&world, (1, 1, 0));
    let path = "GET /crm/objects/2026-03/contacts/1?properties=hs_sequences_is_enrolled";
    assert_eq!(world.get(path).await.1["properties"]["hs_sequences_is_enrolled"], "false");
    // The same value anew is no change; a cleared one starts nothing.
    stamp(&world, "1.0.out").await;
    stamp(&world, "").await;
    check(&world, (1, 1, 0));
}

#[tokio::test]
async fn a_late_run_looks_again_unless_it_was_built_without() {
    for (looks_again, expected) in [(true, (1, 0, 1)), (false, (1, 1, 0))] {
        let world = start(json!({"after_ms": 60_000, "looks_again": looks_again})).await;
        stamp(&world, "1.0.out").await;
        stamp(&world, "").await;
        pass(&world, 61_000).await;
        check(&world, expected);
    }
}

#[tokio::test]
async fn a_bridge_that_is_off_does_nothing() {
    let world = start(json!({})).await;
    stamp(&world, "1.0.out").await;
    pass(&world, 86_400_000).await;
    check(&world, (1, 0, 0));
}
