//! The canary (T11, T12): a whole run in which every secret and everything said of a person is
//! marked. Whatever the router writes, answers or keeps is searched for the marks afterwards.
//!
//! Secrets may be nowhere. Contact data may be in the journal and in the index, which is what they
//! are for, and in the answers to whoever asks about a person with the token; nowhere else.

mod day;
mod told;

use std::fs;
use std::path::Path;

use day::Day;
use told::Told;

/// In every secret; and the same as base64 begins it, as in a basic authorization.
const SECRET: [&str; 2] = ["canary-secret", "Y2FuYXJ5LXNlY3Jl"];
/// In every address, name and value of a property.
const PERSON: [&str; 1] = ["canary-person"];

/// What answers about a person to whoever has the token: these show what was read of them.
const ABOUT_A_PERSON: [&str; 6] = [
    "/api/v1/contacts/",
    "/api/v1/decisions",
    "hubroute explain",
    "hubroute replay",
    "hubroute test rules --record",
    "hubroute simulate",
];

/// Everything in `told` is free of secrets, and of contact data where nobody asked about a person.
#[track_caller]
fn assert_silent(told: &[Told]) {
    let about_a_person = |it: &Told| ABOUT_A_PERSON.iter().any(|name| it.name.contains(name));
    for it in told {
        it.assert_without(&SECRET);
        if !about_a_person(it) {
            it.assert_without(&PERSON);
        }
    }
}

/// Every file below `folder`, as told by nobody: its name counts from there.
fn files(folder: &Path) -> Vec<Told> {
    let (mut found, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).expect("below it").display().to_string();
            let bytes = fs::read(&path).expect("readable");
            found.push(Told { name, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
    }
    found
}

/// The store keeps no secret at all, and contact data only in its two streams and its index.
#[track_caller]
fn assert_kept(folder: &Path) {
    let files = files(folder);
    for file in &files {
        file.assert_without(&SECRET);
        if !["journal", "index"].iter().any(|part| file.name.starts_with(part)) {
            file.assert_without(&PERSON);
        }
    }
    // Or the marks were never there, and this whole test shows nothing.
    let journal = files.iter().filter(|file| file.name.starts_with("journal"));
    assert!(journal.into_iter().any(|file| file.holds(&PERSON)), "{}", folder.display());
}

#[track_caller]
fn check(day: &Day) {
    let told = day.run();
    assert_silent(&told);
    let log = day.harness.log();
    assert!(log.contains("TRACE"), "everything that can be logged is");
    let log = Told { name: "the log".to_owned(), text: log };
    assert_silent(std::slice::from_ref(&log));
    assert_kept(&day.harness.store(""));
    assert_kept(&day.harness.folder().join("copy"));
}

#[test]
fn with_an_access_token_nothing_marked_is_where_it_may_not_be() {
    check(&Day::new(&[("HUBROUTE_ACCESS_TOKEN", "pat-na1-canary-secret-access")]));
}

#[test]
fn with_bought_tokens_nothing_marked_is_where_it_may_not_be() {
    let bought = ("HUBROUTE_REFRESH_TOKEN", "canary-secret-refresh");
    check(&Day::new(&[("HUBROUTE_CLIENT_ID", "the-client-id"), bought]));
}

#[test]
fn no_start_that_fails_tells_a_secret() {
    let told = day::broken_starts();
    assert!(told.iter().all(|it| it.text.contains("error")), "each is a start that fails");
    assert_silent(&told);
}

#[test]
fn a_mark_is_found_wherever_it_stands() {
    let told = |text: &str| Told { name: "a test".to_owned(), text: text.to_owned() };
    assert!(told("x pat-na1-canary-secret-access y").holds(&SECRET));
    assert!(told("Basic Y2FuYXJ5LXNlY3JldDo=").holds(&SECRET));
    assert!(told("CANARY-Person@a.test").holds(&PERSON), "in any case");
    assert!(!told("canary").holds(&SECRET));
}
