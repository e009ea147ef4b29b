//! The simulated account as HubSpot has it, and the law that the checker holds over it. Written
//! by hand beside `rules/`, so that a misreading of the rules shows.

use hubroute::domain::rule::RuleFile;
use hubroute::simulator::{By, Enrollment, Id, Portal, Target};
use serde_json::{Value, json};

use crate::checker::{Effect, Law};
use crate::random::Random;
use crate::traffic::{Rate, contacts};

const BOOK: &str = include_str!("rules/portal.toml");
const MOTIONS: &str = include_str!("rules/motions.toml");
pub(crate) const PEOPLE: [&str; 8] = ["ada", "ben", "cleo", "dov", "eva", "finn", "gil", "hal"];
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The rules folder, in one of its editions: each is what somebody might have made of the one
/// before.
pub(crate) fn rules(edition: usize) -> Vec<RuleFile> {
    let (old, new) = match edition % 4 {
        1 => ("rises_to = 80", "rises_to = 75"),
        2 => ("= \"topic\"\nsays", "= \"topics\"\nsays"),
        3 => ("education series\"\nmode     = \"live\"", "education series\"\nmode     = \"off\""),
        _ => ("", ""),
    };
    assert!(MOTIONS.contains(old), "an edition changes something");
    files(BOOK.to_owned(), MOTIONS.replace(old, new))
}

/// A rules folder of one address book and one file of rules.
pub(crate) fn files(book: String, motions: String) -> Vec<RuleFile> {
    [("motions.toml", motions), ("portal.toml", book)]
        .map(|(name, text)| RuleFile { name: name.to_owned(), text })
        .to_vec()
}

/// The account's users; the one at `without` has no inbox connected.
pub(crate) fn users(without: Option<usize>) -> Value {
    let user = |(number, name): (usize, &&str)| {
        let email = format!("{name}@hubroute.example");
        let inboxes = if without == Some(number) { Vec::new() } else { vec![email.clone()] };
        json!({ "id": 71 + number, "email": email, "seats": ["sales-pro"], "inboxes": inboxes })
    };
    PEOPLE.iter().enumerate().map(user).collect()
}

/// The whole account. A second enrollment is booked and not refused in every other seed: it must
/// not hide a mistake of ours.
pub(crate) fn state(seed: u64, rate: Rate) -> Value {
    let mut random = Random::of(seed, "account");
    let owner = |(number, name): (usize, &&str)| {
        json!({
            "id": 41 + number, "user": 71 + number, "email": format!("{name}@hubroute.example"),
        })
    };
    let books = if random.chance(500) { "book" } else { "refuse" };
    let no_enrollment = *random.pick(&["not-found", "no-content", "empty"]);
    json!({
        "portal": 33,
        "contacts": contacts(rate),
        "owners": PEOPLE.iter().enumerate().map(owner).collect::<Vec<_>>(),
        "users": users(None),
        "sequences": [
            {"id": 101, "name": "Intro"}, {"id": 102, "name": "Hot"}, {"id": 103, "name": "Followup"},
        ],
        "workflows": [
            {"flow": 501, "workflow": 11, "name": "Nurture", "runs_for_ms": 25 * DAY_MS},
            {"flow": 502, "workflow": 12, "name": "Winback", "re_enrolls": true, "runs_for_ms": 15 * DAY_MS},
            {"flow": 503, "workflow": 13, "name": "Onboarding", "runs_for_ms": 30 * DAY_MS},
            {"flow": 504, "workflow": 14, "name": "Note", "re_enrolls": true, "runs_for_ms": 1_000},
        ],
        "settings": {
            "already_enrolled": books, "no_enrollment": no_enrollment, "history_max": 20,
            "calls_per_10_seconds": 110,
            "bridge": {"property": "unenroll_requested", "after_ms": 60_000},
        },
    })
}

/// What must hold.
pub(crate) fn law() -> Law {
    Law {
        budgets: [
            ("ada@hubroute.example", 30),
            ("ben@hubroute.example", 30),
            ("cleo@hubroute.example", 25),
            ("dov@hubroute.example", 25),
            ("eva@hubroute.example", 20),
            ("finn@hubroute.example", 10),
        ]
        .into(),
        themes: [
            ("sequence 101", "sales"),
            ("sequence 102", "sales"),
            ("sequence 103", "sales"),
            ("workflow 501", "nurture"),
            ("workflow 502", "nurture"),
            ("workflow 503", "onboarding"),
            ("workflow 504", "notes"),
        ]
        .into(),
        blocks: [("sales", vec!["nurture"]), ("onboarding", vec!["sales", "nurture"])].into(),
        untold: ["workflow 504"].into(),
    }
}

/// How long HubSpot's workflows run, as `state` has them.
fn runs_for(target: &str) -> Option<i64> {
    let days = match target {
        "workflow 501" => 25,
        "workflow 502" => 15,
        "workflow 503" => 30,
        "workflow 504" => return Some(1_000),
        _ => return None,
    };
    Some(days * 86_400_000)
}

/// What HubSpot booked, in the checker's words.
pub(crate) fn effects(portal: &Portal) -> Vec<Effect> {
    let effect = |entry: &Enrollment| {
        let target = match &entry.target {
            Target::Sequence(id) => format!("sequence {id}"),
            Target::Workflow(id) => format!("workflow {id}"),
        };
        let run_out = runs_for(&target).map(|ms| entry.at + ms);
        let ended = entry.ended.map(|end| end.at);
        Effect {
            contact: entry.contact.number(),
            inbox: entry.sender.clone(),
            at: entry.at,
            ended: ended.into_iter().chain(run_out).min(),
            by_api: entry.by == By::Api,
            duplicate: entry.duplicate,
            target,
        }
    };
    portal.look(|state| state.enrolled.iter().map(effect).collect())
}

/// A sequence enrollment somebody makes by hand.
pub(crate) fn by_hand(contact: u64, sequence: u64) -> Value {
    json!({ "contact": Id::from(contact), "sequence": sequence, "user": 77 })
}
