//! The named runs: a life of an account, a million lost answers, six hours without HubSpot, and
//! budgets under a clock that jumps.

use hubroute::domain::rule::RuleFile;
use serde_json::json;

use crate::account;
use crate::checker::Law;
use crate::time::{DAY, HOUR};
use crate::traffic::Rate;
use crate::weather::{Trouble, Weather};
use crate::world::Plan;

/// How long HubSpot is down in `outage`.
pub(crate) const OUTAGE: u64 = 6 * HOUR;
/// Calls in any ten seconds, where the limit is what counts.
pub(crate) const CALLS: u32 = 90;
/// The most that an address book allows an inbox.
const BUDGET: u64 = 10_000;
/// For how long the inboxes are full in `budgets`.
const FULL_DAYS: u64 = 8;
/// Whose inboxes they are.
pub(crate) const INBOXES: [&str; 8] = [
    "ada@hubroute.example",
    "ben@hubroute.example",
    "cleo@hubroute.example",
    "dov@hubroute.example",
    "eva@hubroute.example",
    "finn@hubroute.example",
    "gil@hubroute.example",
    "hal@hubroute.example",
];
/// Properties whose change enrolls in `burst_rules`, one for each class that can be told. The last
/// is a workflow that re-enrolls and is over at once: its marker tells.
const CLASSES: [&str; 4] = ["topic", "last_guide", "last_visit", "last_note"];
/// Where each of them leads.
pub(crate) const TARGETS: [&str; 4] =
    ["sequence 101", "workflow 501", "workflow 502", "workflow 504"];
/// Classes of which nothing is read but what every decision reads: those of `outage`.
pub(crate) const UNMARKED: usize = 3;
/// All of them.
pub(crate) const ALL: usize = CLASSES.len();

/// A change: which contact, which property, the new value.
pub(crate) type Change = (u64, &'static str, String);

/// One address book and one rule a class; each inbox has room for so many in a day.
fn burst_rules(budget: u64) -> Vec<RuleFile> {
    let book = r#"
[portal]
id        = 33
time_zone = "UTC"
[defaults]
settle  = "0 seconds"
breaker = "off"
[themes.sales]
says = "A rep writes"
[themes.nurture]
says = "Marketing writes"
[themes.winback]
says = "We want them back"
[sequences.intro]
id    = 101
theme = "sales"
[workflows.nurture]
id         = 501
theme      = "nurture"
holds_for  = "30 days"
re_enrolls = false
[workflows.winback]
id            = 502
theme         = "winback"
holds_for     = "20 days"
re_enrolls    = true
runs_at_least = "2 days"
[themes.notes]
says = "A note to the rep"
[workflows.note]
id         = 504
theme      = "notes"
holds_for  = "1 day"
re_enrolls = true
marker     = "last_note_run"
"#;
    let sender = |(name, user): (&str, u32)| {
        format!(
            "[senders.{name}]\nemail = \"{name}@hubroute.example\"\nuser_id = {user}\n\
             daily_budget = {budget}\n"
        )
    };
    let senders: String = account::PEOPLE.into_iter().zip(71..).map(sender).collect();
    let team = format!("[teams.all]\nmembers = {:?}\nshare = \"even\"\n", account::PEOPLE);
    let into = [
        "{ sequence = \"intro\", sender = [\"team:all\"] }",
        "{ workflow = \"nurture\" }",
        "{ workflow = \"winback\" }",
        "{ workflow = \"note\" }",
    ];
    // Of what waits together the first one told of comes first.
    let rule = |(priority, (property, into)): (u32, (&str, &str))| {
        format!(
            "[[rule]]\nid = \"on-{}\"\nsays = \"Whoever changes it is enrolled\"\nmode = \"live\"\n\
             expires = \"60 days\"\npriority = {priority}\n\
             when = {{ property = \"{property}\", changes = true }}\nenroll = {into}\n\n",
            property.replace('_', "-"),
        )
    };
    account::files(
        [book, &senders, &team].concat(),
        (1..).zip(CLASSES.into_iter().zip(into)).map(rule).collect(),
    )
}

/// How many contacts of each of the first classes change at once. Inboxes have no room for more
/// sequences in a day; workflows have no inbox.
fn shares(contacts: u64, classes: usize) -> impl Iterator<Item = u64> {
    let sequences = contacts.min(BUDGET * account::PEOPLE.len() as u64);
    std::iter::once(sequences).chain(std::iter::repeat(contacts)).take(classes)
}

/// How many enrollments that makes.
pub(crate) fn wanted(contacts: u64, classes: usize) -> u64 {
    shares(contacts, classes).sum()
}

/// How many calls that needs at least: a read and a call for each, and after a workflow's 204 the
/// read that shows that somebody is in it (CONSISTENCY.md 6.7).
pub(crate) fn calls_needed(contacts: u64, classes: usize) -> u64 {
    let calls = std::iter::once(2).chain(std::iter::repeat(3));
    shares(contacts, classes).zip(calls).map(|(share, calls)| share * calls).sum()
}

/// One change for each contact and class.
pub(crate) fn burst(contacts: u64, classes: usize) -> impl Iterator<Item = Change> {
    let of = |(class, share)| (0..share).map(move |number| (number, class, "a".to_owned()));
    CLASSES.into_iter().zip(shares(contacts, classes)).flat_map(of)
}

fn plain(seed: u64, (contacts, budget): (u64, u64), calls: u32, weather: Weather) -> Plan {
    let rate = Rate { contacts, growth: 0, events: 0 };
    let room = usize::try_from(budget).unwrap_or(usize::MAX);
    let open = |inbox| (inbox, room);
    let mut state = account::state(seed, rate);
    state["settings"]["calls_per_10_seconds"] = json!(null);
    state["workflows"][3]["stamps"] = json!({"property": "last_note_run", "after_ms": 2_000});
    Plan {
        seed,
        days: 1,
        rate,
        workers: 8,
        calls,
        state,
        law: Law { budgets: INBOXES.map(open).into(), ..Law::default() },
        rules: Box::new(move |_| burst_rules(budget)),
        weather,
        progress: false,
        stops: None,
        clocks: None,
        wrong_by: 0,
        changes: None,
    }
}

/// Every third answer is lost, before or after its effect: four enrollments a contact.
pub(crate) fn lost(seed: u64, contacts: u64) -> Plan {
    plain(
        seed,
        (contacts, BUDGET),
        100_000,
        Weather::steady(seed, Trouble::Lossy { per_mille: 300 }, 20 * DAY),
    )
}

/// HubSpot is down for six hours while the changes come; then it allows the usual pace.
pub(crate) fn outage(seed: u64, contacts: u64) -> Plan {
    plain(seed, (contacts, BUDGET), CALLS, Weather::steady(seed, Trouble::Down, OUTAGE))
}

/// Inboxes that are full for a week, while the machine's clock jumps by up to a day and more, at
/// any moment, answers are lost and the machine stops in the middle of calls.
pub(crate) fn budgets(seed: u64, contacts: u64) -> Plan {
    let budget = (contacts / account::PEOPLE.len() as u64 / FULL_DAYS).max(1);
    Plan {
        days: FULL_DAYS + 2,
        clocks: Some(HOUR),
        wrong_by: 30 * HOUR,
        stops: Some(6 * HOUR),
        ..plain(
            seed,
            (contacts, budget),
            CALLS,
            Weather::steady(seed, Trouble::Lossy { per_mille: 100 }, FULL_DAYS * DAY),
        )
    }
}

/// One change for each contact, which a sequence follows.
pub(crate) fn sequences_only(contacts: u64) -> impl Iterator<Item = Change> {
    (0..contacts).map(|number| (number, CLASSES[0], "a".to_owned()))
}

/// A life with every fault on: `calm` takes stops (1), clocks (2) and people (4) out.
pub(crate) fn life(seed: u64, days: u64, rate: Rate, calm: u64) -> Plan {
    let often =
        |bit: u64, most: u64, share: u64| (calm & bit == 0).then(|| most.min(days * DAY / share));
    Plan {
        seed,
        days,
        rate,
        workers: 8,
        calls: 90,
        state: account::state(seed, rate),
        law: account::law(),
        rules: Box::new(account::rules),
        weather: Weather::new(seed, days * DAY),
        progress: false,
        stops: often(1, 5 * DAY, 8),
        clocks: often(2, 4 * DAY, 6),
        wrong_by: HOUR,
        changes: often(4, 4 * DAY, 8),
    }
}
