//! Conditions and triggers as their authors write them, on values as HubSpot sends them.

mod around;
mod conditions;
mod matrix;
mod moves;
mod triggers;

use std::collections::BTreeMap;

use super::condition::{Condition, Facts, Finding};
use super::{Compiled, Rule, RuleFile, compile};
use crate::domain::contact::{Contact, Owner};
use crate::domain::gates::past::Stay;
use crate::domain::id::{ContactId, OwnerId, PropertyName, UserId};
use crate::domain::surroundings::{Properties, Surroundings};
use crate::domain::time::Timestamp;

/// A folder with one rule: `more` beside what every rule needs.
fn folder(when: &str, more: &str) -> Compiled {
    let text = format!(
        "[portal]\nid = 1\ntime_zone = \"America/New_York\"\n[themes.t]\n[workflows.w]\nid = 1\n\
         theme = \"t\"\nholds_for = \"1 day\"\n[values]\nemea = [\"DE\", \"FR\"]\n\
         [domains]\nrivals = [\"rival.com\"]\n[hubspot_lists.vip]\nid = 1\n\
         [senders.dana]\nemail = \"Dana@acme.com\"\n[senders.luis]\nemail = \"luis@acme.com\"\n\
         [teams.sdr]\nmembers = [\"dana\", \"luis\"]\n\
         [[rule]]\nid = \"r\"\nsays = \"s\"\n\
         when = {{ {when} }}\nenroll = {{ workflow = \"w\" }}\n{more}"
    );
    let kinds = [
        ("stage", "enumeration", "select"),
        ("topics", "enumeration", "checkbox"),
        ("text", "string", "text"),
        ("score", "number", "number"),
        ("vip", "bool", "booleancheckbox"),
        ("born", "date", "date"),
        ("seen", "datetime", "date"),
        ("hubspot_owner_id", "enumeration", "select"),
    ];
    let objects = ["contact", "company", "deal"].into_iter();
    let all = objects.flat_map(|object| {
        kinds.map(|(name, kind, field)| {
            format!("[{object}.{name}]\ntype = \"{kind}\"\nfield_type = \"{field}\"\n")
        })
    });
    let lock: String = all.collect();
    let file = |name: &str, text: &str| RuleFile { name: name.to_owned(), text: text.to_owned() };
    compile(&[file("portal.toml", &text), file(".properties.lock.toml", &lock)])
}

/// The only rule of a folder with `more` beside what every rule needs.
#[track_caller]
fn rule(when: &str, more: &str) -> Rule {
    let compiled = folder(when, more);
    match compiled.rules {
        Some(set) => set.rules[0].clone(),
        None => panic!("{:#?}", compiled.diagnostics),
    }
}

fn properties(of: &[(&str, &str)]) -> Properties {
    of.iter().map(|(name, value)| (PropertyName::from(*name), (*value).to_owned())).collect()
}

/// Noon on 2026-11-24 in New York.
fn noon() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-24T12:00:00-05:00").expect("valid")
}

/// What a condition is asked of: dana is owner 91, luis 92, a stranger 93.
struct Scene {
    contact: Contact,
    owners: BTreeMap<OwnerId, Owner>,
    stays: Vec<Stay>,
    around: Option<Surroundings>,
}

impl Scene {
    fn of(of: &[(&str, &str)]) -> Self {
        let contact = Contact {
            id: ContactId(1),
            properties: properties(of),
            history: BTreeMap::new(),
            merged: Vec::new(),
        };
        let around = Some(Surroundings::default());
        Self { contact, owners: owners(), stays: Vec::new(), around }
    }

    fn ask(&self, condition: &Condition) -> Finding {
        condition.evaluate(&Facts {
            contact: &self.contact,
            now: noon(),
            zone: &jiff::tz::TimeZone::get("America/New_York").expect("bundled").into(),
            owners: &self.owners,
            stays: &self.stays,
            shadows: &[],
            around: self.around.as_ref(),
        })
    }
}

fn owners() -> BTreeMap<OwnerId, Owner> {
    let owner = |(id, email): (u64, &str)| Owner {
        id: OwnerId(id),
        user: Some(UserId(id)),
        email: Some(email.to_owned()),
        archived: false,
    };
    let all = [(91, "dana@acme.com"), (92, "Luis@Acme.com"), (93, "kim@other.example")];
    all.into_iter().map(|it| (OwnerId(it.0), owner(it))).collect()
}
