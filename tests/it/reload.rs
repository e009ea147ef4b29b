//! Rules that change while the router works: six styles of saving under load, and what
//! becomes of a set that is refused.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use hubroute::domain::rule::{RuleFile, compile};
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, rule};

/// Changes of each style; `HUBROUTE_TEST_SAVES` sets another number.
const SAVES: usize = 100;
/// What a writer pauses inside a save.
const PAUSE: Duration = Duration::from_millis(60);
/// A save that took longer, on a machine that is busy, is outside the promise.
const SAVE_MAX: Duration = Duration::from_millis(200);
/// New rules live within this.
const LIVE_WITHIN: Duration = Duration::from_secs(2);

/// Between two looks at the status.
const LOOK: Duration = Duration::from_millis(20);

/// The n-th rules file; each has another fingerprint, and none is a prefix of another.
fn text(number: usize) -> String {
    rule("stage", "sequence intro") + &format!("# save {number}\n")
}

/// The fingerprint of the folder with the n-th rules file.
fn fingerprint(number: usize) -> String {
    let file = |name: &str, text: String| RuleFile { name: name.to_owned(), text };
    let files = [file("portal.toml", BOOK.to_owned()), file("rules.toml", text(number))];
    compile(&files).rules.expect("a valid set").fingerprint.to_string()
}

/// A way to save: the harness's folder, and the new text of `rules/rules.toml`.
type Save = fn(&Path, usize);

fn in_place(folder: &Path, number: usize) {
    fs::write(folder.join("rules/rules.toml"), text(number)).expect("written");
}

fn truncating_first(folder: &Path, number: usize) {
    let path = folder.join("rules/rules.toml");
    fs::write(&path, "").expect("written");
    thread::sleep(PAUSE);
    fs::write(&path, text(number)).expect("written");
}

fn renaming_over(folder: &Path, number: usize) {
    let fresh = folder.join("rules/.rules.toml.swp");
    fs::write(&fresh, text(number)).expect("written");
    fs::rename(fresh, folder.join("rules/rules.toml")).expect("renamed");
}

fn removing_first(folder: &Path, number: usize) {
    let path = folder.join("rules/rules.toml");
    fs::remove_file(&path).expect("removed");
    thread::sleep(PAUSE);
    fs::write(&path, text(number)).expect("written");
}

/// `rules` is a link to a folder with all files; it is switched to another one.
fn switching_a_link(folder: &Path, number: usize) {
    let version = folder.join(format!("version-{number}"));
    fs::create_dir(&version).expect("created");
    fs::write(version.join("portal.toml"), BOOK).expect("written");
    fs::write(version.join("rules.toml"), text(number)).expect("written");
    let (link, fresh) = (folder.join("rules"), folder.join("fresh"));
    symlink(&version, &fresh).expect("linked");
    if link.symlink_metadata().is_ok_and(|it| it.is_dir()) {
        fs::rename(&link, folder.join("version-0")).expect("renamed");
    }
    fs::rename(fresh, link).expect("renamed");
}

fn half_first(folder: &Path, number: usize) {
    let path = folder.join("rules/rules.toml");
    let text = text(number);
    // A rule without what it does: whoever reads it now refuses it.
    let half = text.rfind("enroll").expect("it enrolls");
    fs::write(&path, &text[..half]).expect("written");
    thread::sleep(PAUSE);
    fs::write(&path, text).expect("written");
}

#[test]
fn however_it_is_saved_only_whole_sets_are_used_and_new_ones_within_two_seconds() {
    let saves = std::env::var("HUBROUTE_TEST_SAVES").ok().and_then(|it| it.parse().ok());
    let saves = saves.unwrap_or(SAVES);
    let styles: [(&str, Save); 6] = [
        ("in place", in_place),
        ("truncating first", truncating_first),
        ("renaming over", renaming_over),
        ("removing first", removing_first),
        ("switching a link", switching_a_link),
        ("half first", half_first),
    ];
    // Two routers at a time: CI has two cores.
    for pair in styles.chunks(2) {
        thread::scope(|scope| {
            for (style, save) in pair {
                scope.spawn(move || check_style(style, *save, saves));
            }
        });
    }
}

fn check_style(style: &str, save: Save, saves: usize) {
    let harness = Harness::start(Setup::with(text(0)).contacts(50));
    let stop = AtomicBool::new(false);
    let mut late = 0;
    let delivered = thread::scope(|scope| {
        let traffic = scope.spawn(|| traffic(&harness, &stop));
        // Whatever fails below, the traffic ends with it.
        let _stopping = Stopping(&stop);
        for number in 1..=saves {
            let began = Instant::now();
            save(harness.folder(), number);
            let written = Instant::now();
            late += usize::from(SAVE_MAX < written - began);
            let wanted = fingerprint(number);
            // What a busy machine keeps this thread and the router's answer from is not theirs.
            let mut stalled = Duration::ZERO;
            loop {
                let asked = Instant::now();
                let live = harness.status()["rules"]["fingerprint"] == json!(wanted);
                let took = written.elapsed();
                // A save that was late may be seen in halves first.
                let limit = if late == 0 { LIVE_WITHIN + stalled } else { LONG };
                assert!(took < limit, "{style} {number}: {took:?}\n{}", harness.log());
                if live {
                    break;
                }
                thread::sleep(LOOK);
                stalled += asked.elapsed().saturating_sub(2 * LOOK);
            }
        }
        stop.store(true, Ordering::Relaxed);
        traffic.join().expect("every delivery is acknowledged")
    });
    harness.wait_until_idle(LONG);
    let used = harness.accepted_sets();
    let wanted: Vec<Value> = (0..=saves).rev().map(|number| json!(fingerprint(number))).collect();
    if late == 0 {
        assert_eq!(used, wanted, "{style}");
        let refused = harness.log().contains("were refused");
        assert!(!refused, "{style}: a half set was tried:\n{}", harness.log());
    }
    let known: BTreeSet<String> = wanted.iter().map(ToString::to_string).collect();
    let decisions = harness.decisions("history=true");
    assert!(delivered <= decisions.len(), "{style}: {delivered} deliveries");
    for decision in decisions.iter().filter(|_| late == 0) {
        assert!(known.contains(&decision["rules"].to_string()), "{style}: {decision}");
    }
}

/// Stops the traffic when it is dropped.
struct Stopping<'s>(&'s AtomicBool);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Events until told to stop; how many.
fn traffic(harness: &Harness, stop: &AtomicBool) -> usize {
    let mut delivered = 0;
    while !stop.load(Ordering::Relaxed) {
        let contact = 1 + delivered as u64 % 50;
        assert!(harness.deliver(contact, "stage", &format!("value {delivered}")));
        delivered += 1;
        thread::sleep(Duration::from_millis(25));
    }
    delivered
}

impl Harness {
    /// The fingerprints of every accepted set, newest first.
    fn accepted_sets(&self) -> Vec<Value> {
        let listed = self.get("/api/v1/rule-sets?limit=1000");
        let sets = listed["results"].as_array().cloned().unwrap_or_default();
        sets.into_iter().map(|set| set["fingerprint"].clone()).collect()
    }
}

#[test]
fn a_refused_set_is_shown_once_changes_nothing_and_ends_with_the_next_good_one() {
    let harness = Harness::start(Setup::with(text(0)));
    let path = harness.folder().join("rules/rules.toml");
    fs::write(&path, text(1).replace("\"intro\"", "\"intr0\"")).expect("written");
    harness.wait_for(LONG, |status| status["rules"]["refused"].is_string());
    assert_eq!(harness.status()["rules"]["fingerprint"], json!(fingerprint(0)));
    // Several looks later it was still said once only.
    thread::sleep(Duration::from_secs(1));
    assert_eq!(harness.log().matches("were refused").count(), 1, "{}", harness.log());
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["enroll matched"]);
    fs::write(&path, text(2)).expect("written");
    harness.wait_for(LONG, |status| status["rules"]["refused"].is_null());
    assert_eq!(harness.accepted_sets(), [json!(fingerprint(2)), json!(fingerprint(0))]);
}
