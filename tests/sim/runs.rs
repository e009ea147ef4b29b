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
/// The most that an address book allows an inbox.
const BUDGET: u64 = 10_000;
/// Whose inboxes they are.
const INBOXES: [&str; 8] = [
    "ada@hubroute.example",
    "ben@hubroute.example",
    "cleo@hubroute.example",
    "dov@hubroute.example",
    "eva@hubroute.example",
    "finn@hubroute.example",
    "gil@hubroute.example",
    "hal@hubroute.example",
];
/// Properties whose change enrolls in `burst_rules`, one for each class that can be told.
const CLASSES: [&str; 3] = ["topic", "last_guide", "last_visit"];

/// One address book and one rule a class, with room for everybody.
fn burst_rules(_edition: usize) -> Vec<RuleFile> {
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
"#;
    let sender = |(name, user): (&str, u32)| {
        format!(
            "[senders.{name}]\nemail = \"{name}@hubroute.example\"\nuser_id = {user}\n\
             daily_budget = {BUDGET}\n"
        )
    };
    let senders: String = account::PEOPLE.into_iter().zip(71..).map(sender).collect();
    let team = format!("[teams.all]\nmembers = {:?}\nshare = \"even\"\n", account::PEOPLE);
    let into = [
        "{ sequence = \"intro\", sender = [\"team:all\"] }",
        "{ workflow = \"nurture\" }",
        "{ workflow = \"winback\" }",
    ];
    let rule = |(property, into): (&str, &str)| {
        format!(
            "[[rule]]\nid = \"on-{}\"\nsays = \"Whoever changes it is enrolled\"\nmode = \"live\"\n\
             when = {{ property = \"{property}\", changes = true }}\nenroll = {into}\n\n",
            property.replace('_', "-"),
        )
    };
    account::files(
        [book, &senders, &team].concat(),
        CLASSES.into_iter().zip(into).map(rule).collect(),
    )
}

/// How many contacts of each class change at once. Inboxes have no room for more sequences in a
/// day; workflows have no inbox.
fn shares(contacts: u64) -> [u64; 3] {
    [contacts.min(BUDGET * account::PEOPLE.len() as u64), contacts, contacts]
}

/// How many enrollments that makes.
pub(crate) fn wanted(contacts: u64) -> u64 {
    shares(contacts).iter().sum()
}

/// One change for each contact and class.
pub(crate) fn burst(contacts: u64) -> impl Iterator<Item = (u64, &'static str, String)> {
    let of = |(class, share)| (0..share).map(move |number| (number, class, "a".to_owned()));
    CLASSES.into_iter().zip(shares(contacts)).flat_map(of)
}

fn plain(seed: u64, contacts: u64, calls: u32, weather: Weather) -> Plan {
    let rate = Rate { contacts, growth: 0, events: 0 };
    let room = usize::try_from(BUDGET).unwrap_or(usize::MAX);
    let open = |inbox| (inbox, room);
    let mut state = account::state(seed, rate);
    state["settings"]["calls_per_10_seconds"] = json!(null);
    Plan {
        seed,
        days: 1,
        rate,
        workers: 8,
        calls,
        state,
        law: Law { budgets: INBOXES.map(open).into(), ..Law::default() },
        rules: burst_rules,
        weather,
        progress: false,
        stops: None,
        clocks: None,
        changes: None,
    }
}

/// Every third answer is lost, before or after its effect: three enrollments a contact.
pub(crate) fn lost(seed: u64, contacts: u64) -> Plan {
    plain(
        seed,
        contacts,
        100_000,
        Weather::steady(seed, Trouble::Lossy { per_mille: 300 }, 20 * DAY),
    )
}

/// HubSpot is down for six hours while the changes come; then it allows the usual pace.
pub(crate) fn outage(seed: u64, contacts: u64) -> Plan {
    plain(seed, contacts, 90, Weather::steady(seed, Trouble::Down, OUTAGE))
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
        rules: account::rules,
        weather: Weather::new(seed, days * DAY),
        progress: false,
        stops: often(1, 5 * DAY, 8),
        clocks: often(2, 4 * DAY, 6),
        changes: often(4, 4 * DAY, 8),
    }
}
