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
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::{BOOK, Harness, LONG, Setup, evidence, rule, times};

/// Changes of each style where the environment does not say.
const SAVES: u64 = 100;
/// Routers at a time where the environment does not say: CI has two cores.
const ROUTERS: u64 = 2;
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
    let figure = |variable, usual| usize::try_from(times(variable, usual)).expect("few");
    let saves = figure("HUBROUTE_TEST_SAVES", SAVES);
    let routers = figure("HUBROUTE_TEST_ROUTERS", ROUTERS);
    let styles: [(&str, Save); 6] = [
        ("in place", in_place),
        ("truncating first", truncating_first),
        ("renaming over", renaming_over),
        ("removing first", removing_first),
        ("switching a link", switching_a_link),
        ("half first", half_first),
    ];
    let mut judged = Judged::default();
    for together in styles.chunks(routers) {
        let of_each: Vec<Judged> = thread::scope(|scope| {
            let start = |(style, save): &(&'static str, Save)| {
                let (style, save) = (*style, *save);
                scope.spawn(move || check_style(style, save, saves))
            };
            let running: Vec<_> = together.iter().map(start).collect();
            running.into_iter().map(|it| it.join().expect("as promised")).collect()
        });
        for of_one in of_each {
            judged.add(&of_one);
        }
    }
    let Judged { saves, late, decisions, slowest } = judged;
    evidence(format_args!(
        "{saves} saves in {} styles under load: {late} paused longer than a save may, the others \
         0 wrong, empty or half sets in {decisions} decisions, live after {slowest:.1?} at most",
        styles.len()
    ));
}

/// What was seen of one style, or of all.
#[derive(Default)]
struct Judged {
    /// Changes made.
    saves: usize,
    /// Of them, those that this machine made too slow to be judged.
    late: usize,
    /// Decisions whose fingerprint was looked at.
    decisions: usize,
    /// From a save to the new rules' life, at most; without what kept the question waiting.
    slowest: Duration,
}

impl Judged {
    fn add(&mut self, other: &Self) {
        self.saves += other.saves;
        self.late += other.late;
        self.decisions += other.decisions;
        self.slowest = self.slowest.max(other.slowest);
    }
}

fn check_style(style: &str, save: Save, saves: usize) -> Judged {
    let harness = Harness::start(Setup::with(text(0)).contacts(50));
    let stop = AtomicBool::new(false);
    let (mut late, mut slowest) = (0, Duration::ZERO);
    let delivered = thread::scope(|scope| {
        let traffic = scope.spawn(|| traffic(&harness, &stop));
        // Whatever fails below, the traffic ends with it.
        let _stopping = Stopping(&stop);
        for number in 1..=saves {
            let began = Instant::now();
            save(harness.folder(), number);
            let is_late = SAVE_MAX < began.elapsed();
            late += usize::from(is_late);
            // A save that was late may be seen in halves first.
            let limit = if is_late { LONG } else { LIVE_WITHIN };
            slowest = slowest.max(wait_until_live(&harness, number, limit));
        }
        stop.store(true, Ordering::Relaxed);
        traffic.join().expect("every delivery is acknowledged")
    });
    harness.wait_until_idle(LONG);
    let decisions = check_sets(&harness, style, saves, late);
    assert!(delivered <= decisions, "{style}: {delivered} deliveries");
    Judged { saves, late, decisions, slowest }
}

/// Waits until the n-th set is in use; how long that took. What a busy machine keeps this thread
/// and the router's answer from is not counted.
#[track_caller]
fn wait_until_live(harness: &Harness, number: usize, limit: Duration) -> Duration {
    let wanted = json!(fingerprint(number));
    let written = Instant::now();
    let mut stalled = Duration::ZERO;
    loop {
        let asked = Instant::now();
        let live = harness.status()["rules"]["fingerprint"] == wanted;
        let took = written.elapsed().saturating_sub(stalled);
        assert!(took < limit, "{number}: {took:?}\n{}", harness.log());
        if live {
            return took;
        }
        thread::sleep(LOOK);
        stalled += asked.elapsed().saturating_sub(2 * LOOK);
    }
}

/// Every set was used, one after the other, and no other one, but for one half set at most for
/// each save that was `late`. How many decisions say by which of them they were made.
#[track_caller]
fn check_sets(harness: &Harness, style: &str, saves: usize, late: usize) -> usize {
    let used = harness.accepted_sets();
    let wanted: Vec<Value> = (0..=saves).rev().map(|number| json!(fingerprint(number))).collect();
    let (whole, halves): (Vec<_>, Vec<_>) = used.into_iter().partition(|it| wanted.contains(it));
    assert_eq!(whole, wanted, "{style}");
    let refused = harness.log().matches("were refused").count();
    assert!(halves.len() + refused <= late, "{style}: half sets were tried:\n{}", harness.log());
    let known: BTreeSet<String> = whole.iter().chain(&halves).map(ToString::to_string).collect();
    let decisions = harness.decisions("history=true");
    for decision in &decisions {
        assert!(known.contains(&decision["rules"].to_string()), "{style}: {decision}");
    }
    decisions.len()
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
        let sets = self.listing("rule-sets").into_iter();
        sets.map(|set| set["fingerprint"].clone()).collect()
    }
}

#[test]
fn a_refused_set_is_shown_once_changes_nothing_and_ends_with_the_next_good_one() {
    let harness = Harness::start(Setup::with(text(0)));
    let shown = |refused: u8| {
        let metrics = harness.text("/metrics");
        let line = format!("hubroute_rules_refused {refused}");
        assert!(metrics.lines().any(|found| found == line), "{line} in {metrics}");
        // Rules that are wrong are no reason to take the router out of service.
        assert_eq!(harness.get("/readyz"), json!({"ready": true}));
    };
    shown(0);
    let path = harness.folder().join("rules/rules.toml");
    fs::write(&path, text(1).replace("\"intro\"", "\"intr0\"")).expect("written");
    harness.wait_for(LONG, |status| status["rules"]["refused"].is_string());
    let status = harness.status();
    assert_eq!(status["rules"]["fingerprint"], json!(fingerprint(0)));
    assert_eq!(status["alerts"][0]["code"], "rules-refused", "{status}");
    let why = status["rules"]["refused"].as_str().expect("a sentence");
    assert!(why.contains("rules.toml:") && why.contains("intr0"), "{why}");
    shown(1);
    // Several looks later it was still said once only, and with the same words.
    thread::sleep(Duration::from_secs(1));
    let log = harness.log();
    let said: Vec<&str> = log.lines().filter(|line| line.contains("were refused")).collect();
    assert_eq!(said.len(), 1, "{log}");
    assert!(said[0].contains("intr0"), "{log}");
    assert!(harness.deliver(1, "stage", "hot"));
    harness.wait_until_idle(LONG);
    assert_eq!(harness.verdicts(1), ["enroll matched"]);
    fs::write(&path, text(2)).expect("written");
    harness.wait_for(LONG, |status| status["rules"]["refused"].is_null());
    assert_eq!(harness.status()["alerts"], json!([]));
    shown(0);
    assert_eq!(harness.accepted_sets(), [json!(fingerprint(2)), json!(fingerprint(0))]);
}

#[test]
fn who_asks_for_a_reload_gets_what_was_just_saved_or_why_not() {
    let harness = Harness::start(Setup::with(text(0)).server("\n[rules]\nwatch = false"));
    let path = harness.folder().join("rules/rules.toml");
    fs::write(&path, text(1)).expect("written");
    let (status, answer) = harness.press("/api/v1/reload", &json!({}));
    assert_eq!((status, &answer["fingerprint"]), (200, &json!(fingerprint(1))), "{answer}");
    // A save that has begun is waited for.
    thread::scope(|scope| {
        let saving = scope.spawn(|| half_first(harness.folder(), 2));
        thread::sleep(PAUSE / 2);
        let (status, answer) = harness.press("/api/v1/reload", &json!({}));
        assert_eq!((status, &answer["fingerprint"]), (200, &json!(fingerprint(2))), "{answer}");
        saving.join().expect("saved");
    });
    fs::write(&path, text(3).replace("\"intro\"", "\"intr0\"")).expect("written");
    let (status, answer) = harness.press("/api/v1/reload", &json!({}));
    assert_eq!((status, &answer["error"]["code"]), (422, &json!("rules-refused")), "{answer}");
    let told = answer["diagnostics"].to_string();
    assert!(told.contains("\"rules.toml\"") && told.contains("intr0"), "{answer}");
    fs::write(&path, text(4)).expect("written");
    let router = i32::try_from(harness.router().id()).ok().and_then(Pid::from_raw);
    kill_process(router.expect("a process id"), Signal::HUP).expect("it runs");
    harness.wait_for(LONG, |status| status["rules"]["fingerprint"] == json!(fingerprint(4)));
    let used = [4, 2, 1, 0].map(|number| json!(fingerprint(number)));
    assert_eq!(harness.accepted_sets(), used);
}

#[test]
fn every_decision_names_the_accepted_set_that_made_it_also_after_a_restart() {
    let mut harness = Harness::start(Setup::with(text(0)));
    for number in 1..=3 {
        assert!(harness.deliver(number, "stage", "hot"));
        harness.wait_until_idle(LONG);
        let number = usize::try_from(number).expect("few");
        fs::write(harness.folder().join("rules/rules.toml"), text(number)).expect("written");
        let wanted = json!(fingerprint(number));
        harness.wait_for(LONG, |status| status["rules"]["fingerprint"] == wanted);
    }
    let named = |harness: &Harness| {
        let decisions = harness.decisions("history=true");
        decisions.iter().map(|it| (it["at"].clone(), it["rules"].clone())).collect::<Vec<_>>()
    };
    let before = named(&harness);
    let sets: Vec<&Value> = before.iter().map(|(_, set)| set).collect();
    let expected = [0, 1, 2].map(|number| json!(fingerprint(number)));
    assert!(sets.chunk_by(|a, b| a == b).map(|same| same[0]).eq(&expected), "{sets:?}");
    // Each set was accepted before what it decided, and the next one after it.
    let mut accepted = harness.listing("rule-sets");
    accepted.reverse();
    for (at, set) in &before {
        let of = accepted.iter().position(|it| it["fingerprint"] == *set).expect("accepted");
        let since = |set: &Value| set["at"].as_str().map(str::to_owned);
        let at = at.as_str().map(str::to_owned);
        assert!(since(&accepted[of]) <= at && at <= since(&accepted[of + 1]), "{at:?}");
    }
    harness.stop();
    harness.restart();
    assert_eq!(named(&harness), before);
    assert_eq!(harness.accepted_sets().len(), 4, "the same set is not accepted twice");
}
