//! Stand-ins for what belongs to a person: the same text gets the same one.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::quoted;
use crate::domain::contact::{Contact, Owner};
use crate::domain::gates::evidence;
use crate::domain::id::PropertyName;
use crate::domain::rule::RuleSet;
use crate::domain::rule::condition::{Condition, Test, is_under};
use crate::domain::rule::trigger::Subject;

/// Properties that are a name whatever rules do with them.
const NAMES: [&str; 4] = ["firstname", "lastname", "company", "phone"];
/// Ids, and what follows from `already` in a test.
const LEFT_OUT: [&str; 4] = [
    "hubspot_owner_id",
    "hs_merged_object_ids",
    "hs_sequences_is_enrolled",
    "hs_sequences_actively_enrolled_count",
];
/// Values that gates read and that name nobody.
const KEPT: [&str; 3] = ["hs_email_optout", "hs_email_hard_bounce_reason_enum", "hs_timezone"];
/// Domains that belong to nobody (RFC 2606).
const NOBODYS: [&str; 3] = ["example.com", "example.org", "example.net"];

/// See the module.
#[derive(Debug)]
pub(super) struct StandIns<'a> {
    rules: &'a RuleSet,
    /// Properties whose value rules compare; of the others only whether they are known counts.
    compared: BTreeSet<PropertyName>,
    /// Domains on any list.
    domains: BTreeSet<String>,
}

impl<'a> StandIns<'a> {
    pub(super) fn of(rules: &'a RuleSet) -> Self {
        let mut it =
            Self { rules, compared: BTreeSet::new(), domains: rules.portal.our_domains.clone() };
        for rule in &rules.rules {
            rule.conditions().for_each(|condition| it.add(condition));
            if let Subject::Property(name) = &rule.when.subject {
                it.compared.insert(name.clone());
            }
        }
        let suppressions = rules.suppressions.iter().flat_map(|it| &it.conditions);
        suppressions.for_each(|condition| it.add(condition));
        it
    }

    fn add(&mut self, condition: &Condition) {
        if let Test::EmailDomain { domains, .. } = &condition.test {
            self.domains.extend(domains.iter().cloned());
        } else if let Test::Group(_, members) = &condition.test {
            for member in members {
                self.add(member);
            }
        } else if !matches!(&condition.test, Test::Known(..)) {
            condition.collect_properties(&mut self.compared);
        }
    }

    /// The contact as a test says it: only what rules name.
    pub(super) fn contact(
        &self,
        contact: &Contact,
        owner: Option<&Owner>,
    ) -> Vec<(String, String)> {
        let named = contact.properties.iter().filter(|(name, _)| {
            let name = name.as_str();
            self.rules.read_properties.contains(name)
                && !LEFT_OUT.contains(&name)
                && !evidence::PROPERTIES.contains(&name)
        });
        let mut all: Vec<(String, String)> = named
            .map(|(name, value)| (key(name.as_str()), quoted(&self.value(name.as_str(), value))))
            .collect();
        if contact.owner().is_some() {
            let email = owner.and_then(|owner| owner.email.as_deref());
            let inbox = email.map(|email| email.trim().to_lowercase()).unwrap_or_default();
            let spec = self.rules.senders.values().find(|spec| spec.inbox.as_str() == inbox);
            let name = spec.map_or("somebody-else", |spec| spec.name.as_str());
            all.push(("owner".to_owned(), quoted(name)));
        }
        all
    }

    /// A property's value as a test may hold it.
    pub(super) fn value(&self, name: &str, value: &str) -> String {
        if value.trim().is_empty() || KEPT.contains(&name) {
            return value.to_owned();
        }
        if let Some((_, domain)) = value.rsplit_once('@') {
            return format!("person-{}@{}", mark(value), self.domain(domain));
        }
        if NAMES.contains(&name) || !self.compared.contains(name) {
            return format!("Somebody {}", mark(value));
        }
        value.to_owned()
    }

    /// A listed domain stands for those under it; any other is nobody's.
    fn domain(&self, domain: &str) -> &str {
        let domain = domain.trim().trim_end_matches('.').to_lowercase();
        let listed = self
            .domains
            .iter()
            .find(|listed| domain == **listed || domain.ends_with(&format!(".{listed}")));
        let free = || NOBODYS.into_iter().find(|name| !is_under(name, &self.domains));
        listed.map(String::as_str).or_else(free).unwrap_or("hubroute.example")
    }
}

/// Four digits that the same text always gets.
fn mark(text: &str) -> String {
    let digest = Sha256::digest(text.trim().to_lowercase());
    format!("{:02x}{:02x}", digest[0], digest[1])
}

fn key(name: &str) -> String {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}
