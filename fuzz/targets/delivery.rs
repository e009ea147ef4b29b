//! A signed delivery's body, and single items of it: whatever it says, it is read or kept as
//! unreadable, and what was read survives the journal.
#![no_main]

use hubroute::domain::delivery;
use hubroute::domain::event::Event;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let items = delivery::read(body);
    // A signed delivery is never refused for its content: something stands for it.
    assert!(!items.is_empty());
    for item in &items {
        match item {
            Ok(event) => check(event),
            Err(why) => assert!(!why.is_empty(), "an unreadable item says why"),
        }
    }
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(event) = delivery::read_item(text)
    {
        check(&event);
    }
});

fn check(event: &Event) {
    let kept = serde_json::to_vec(event).expect("an event is written");
    let read: Event = serde_json::from_slice(&kept).expect("and read back");
    assert_eq!(&read, event);
    assert_eq!(read.identity(), event.identity());
}
