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
[senders.ada]
email        = "ada@hubroute.example"
user_id      = 71
daily_budget = 10000000
"#;
    let into = [
        "{ sequence = \"intro\", sender = [\"user:ada\"] }",
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
    account::files(book.to_owned(), CLASSES.into_iter().zip(into).map(rule).collect())
}

/// One change for each contact and class: so many in all.
pub(crate) fn burst(contacts: u64) -> impl Iterator<Item = (u64, &'static str, String)> {
    let of = |class: &'static str| (0..u64::MAX).map(move |number| (number, class, "a".to_owned()));
    CLASSES
        .into_iter()
        .flat_map(move |class| of(class).take(usize::try_from(contacts).unwrap_or(0)))
}

fn plain(seed: u64, contacts: u64, calls: u32, weather: Weather) -> Plan {
    let rate = Rate { contacts, growth: 0, events: 0 };
    let mut state = account::state(seed, rate);
    state["settings"]["calls_per_10_seconds"] = json!(null);
    Plan {
        seed,
        days: 1,
        rate,
        workers: 8,
        calls,
        state,
        law: Law { budgets: [("ada@hubroute.example", usize::MAX)].into(), ..Law::default() },
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
