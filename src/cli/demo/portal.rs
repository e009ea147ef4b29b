//! The simulated account: its people, its sequences and workflows, and who must end up enrolled.

use std::ops::RangeInclusive;

use serde_json::{Value, json};

/// The account's number, as `rules/portal.toml` has it.
pub(super) const PORTAL: u64 = 4711;
/// The access token that the simulated HubSpot accepts.
pub(super) const ACCESS_TOKEN: &str = "demo-access-token";

/// Leads that marketing qualifies during the day.
pub(super) const MQLS: RangeInclusive<u64> = 1001..=1012;
/// Leads whose score climbs past the line.
pub(super) const SCORES: RangeInclusive<u64> = 1101..=1110;
/// Readers of guides.
pub(super) const READERS: RangeInclusive<u64> = 1201..=1208;
/// New customers.
pub(super) const CUSTOMERS: RangeInclusive<u64> = 1301..=1305;
/// The list that somebody imports at noon.
pub(super) const IMPORTED: RangeInclusive<u64> = 1401..=1420;
/// Leads of the sender with a small budget; one more than she may write to.
pub(super) const TESS_LEADS: RangeInclusive<u64> = 1501..=1503;
/// Webinar guests; their rule only watches.
pub(super) const GUESTS: RangeInclusive<u64> = 1601..=1602;

/// HubSpot's answer to their enrollment gets lost.
pub(super) const LOST_ANSWER: u64 = 1701;
/// HubSpot is busy when they are enrolled.
pub(super) const BUSY: u64 = 1702;
/// Matched by a sequence rule and a workflow rule of one theme.
pub(super) const TWO_RULES: u64 = 1703;
/// The newer of two scores arrives first.
pub(super) const OVERTAKEN: u64 = 1704;
/// Changed while the router was starting.
pub(super) const EARLY: u64 = 1705;
/// Delivered beside an item that nobody can read.
pub(super) const BESIDE_UNREADABLE: u64 = 1706;
/// Asks for a demo, nothing else.
pub(super) const ASKED: u64 = 1707;
/// Has a private address.
pub(super) const FREE_MAIL: u64 = 1801;
/// A colleague.
pub(super) const COLLEAGUE: u64 = 1802;
/// Wants no email.
pub(super) const OPTED_OUT: u64 = 1803;
/// Put in a sequence by a rep this morning.
pub(super) const BY_HAND: u64 = 1804;
/// Has no first name.
pub(super) const NAMELESS: u64 = 1805;
/// Has no email address.
pub(super) const NO_EMAIL: u64 = 1806;
/// Only named in a forged delivery.
pub(super) const FORGED: u64 = 1807;

const FIRST: [&str; 16] = [
    "Ann", "Bo", "Cy", "Dee", "Eli", "Fay", "Gus", "Hana", "Ivo", "Jun", "Kai", "Lena", "Max",
    "Nora", "Omar", "Pia",
];
const LAST: [&str; 11] = [
    "Adler", "Brandt", "Costa", "Dunn", "Ekman", "Fischer", "Grant", "Hayes", "Ito", "Jensen",
    "Kim",
];
const COMPANIES: [&str; 7] = ["acorn", "birch", "cedar", "dogwood", "elm", "fir", "ginkgo"];

/// Owner ids of dana, luis and tess.
const OWNERS: [&str; 3] = ["41", "42", "43"];
const TESS: &str = OWNERS[2];

/// Milliseconds that every contact existed before the day.
const AGE_MS: u64 = 24 * 60 * 60 * 1_000;

/// The whole state, as `PUT /_sim/state` takes it. `now` is in milliseconds since 1970.
pub(super) fn state(now: u64) -> Value {
    let names = ["dana", "luis", "tess"];
    let people =
        || (41_u64..).zip(names).map(|(id, name)| (id, format!("{name}@hubroute.example")));
    let owners: Vec<Value> =
        people().map(|(id, email)| json!({ "id": id, "user": id + 30, "email": email })).collect();
    let users: Vec<Value> = people()
        .map(|(id, email)| {
            json!({ "id": id + 30, "email": email, "seats": ["sales-pro"], "inboxes": [email] })
        })
        .collect();
    let workflow =
        |flow: u64, name: &str| json!({ "flow": flow, "workflow": flow - 490, "name": name });
    json!({
        "portal": PORTAL,
        "tokens": [ACCESS_TOKEN],
        "contacts": contacts(now - AGE_MS),
        "owners": owners,
        "users": users,
        "sequences": [{ "id": 101, "name": "Inbound" }, { "id": 102, "name": "Hot lead" },
                      { "id": 199, "name": "A rep's own" }],
        "workflows": [workflow(501, "Education"), workflow(502, "Onboarding"),
                      workflow(503, "Meeting invite")],
        "conversations": [
            { "name": "sales", "sequences": [101, 102, 199], "workflows": [503],
              "blocks": ["nurture"] },
            { "name": "nurture", "workflows": [501] },
            { "name": "onboarding", "workflows": [502], "blocks": ["sales", "nurture"] },
        ],
        "expect": expected(),
    })
}

/// Who must end up enrolled.
fn expected() -> Vec<u64> {
    let groups = [MQLS, SCORES, READERS, CUSTOMERS, IMPORTED, TESS_LEADS];
    let alone = [LOST_ANSWER, BUSY, TWO_RULES, OVERTAKEN, EARLY, BESIDE_UNREADABLE, ASKED];
    groups.into_iter().flatten().chain(alone).collect()
}

fn contacts(created: u64) -> Vec<Value> {
    let everybody = expected().into_iter().chain(GUESTS).chain(FREE_MAIL..=FORGED);
    everybody.map(|id| contact(id, created)).collect()
}

/// A contact; who is special in the day differs in the one thing that makes them so.
fn contact(id: u64, created: u64) -> Value {
    let (first, last, company) = (pick(&FIRST, id), pick(&LAST, id * 3), pick(&COMPANIES, id * 5));
    let mail = format!("{}.{}{id}", first.to_lowercase(), last.to_lowercase());
    let owner = if TESS_LEADS.contains(&id) { TESS } else { pick(&OWNERS[..2], id) };
    let mut properties = json!({
        "firstname": first,
        "lastname": last,
        "company": company,
        "email": format!("{mail}@{company}.example"),
        "hubspot_owner_id": owner,
        "lifecyclestage": "lead",
        "lead_score": "20",
    });
    match id {
        FREE_MAIL => properties["email"] = json!(format!("{mail}@gmail.com")),
        COLLEAGUE => properties["email"] = json!(format!("{mail}@hubroute.example")),
        OPTED_OUT => properties["hs_email_optout"] = json!("true"),
        NAMELESS => properties["firstname"] = json!(""),
        NO_EMAIL => properties["email"] = json!(""),
        _ => {}
    }
    json!({ "id": id, "properties": properties, "created": created })
}

fn pick(list: &[&'static str], seed: u64) -> &'static str {
    list[usize::try_from(seed).unwrap_or(0) % list.len()]
}

/// What people call the contact.
pub(super) fn name(id: u64) -> String {
    if id == NAMELESS {
        return format!("(nameless) {}", pick(&LAST, id * 3));
    }
    format!("{} {}", pick(&FIRST, id), pick(&LAST, id * 3))
}
