//! The counts tests judge by: effects, duplicates, overlaps, lost ones.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::bridge::BridgeCounts;
use super::hub::Hub;
use super::id::Id;
use super::log::{EnrollCall, Log};
use super::routes::Endpoint;
use super::state::By;

/// What `GET /_sim/counts` answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Enrollments that came through the API: effects, not calls.
    pub enrollments: usize,
    /// Enrollments that a person made in HubSpot.
    pub by_hand: usize,
    /// Enrollments through the API into a target in which the contact was active.
    pub duplicates: usize,
    /// Enrollments through the API beside another active target of the same conversation, or into
    /// a conversation that an active one blocks.
    pub overlaps: usize,
    /// Enrollments through the API into a target the contact was in before, ended or not.
    pub repeats: usize,
    /// Enrollments that a call of the API or the bridge workflow ended.
    pub unenrolled: usize,
    /// What the bridge workflow saw and did.
    pub bridge: BridgeCounts,
    /// Contacts of `expect` that were never enrolled through the API.
    pub lost: usize,
    /// Which ones.
    pub lost_contacts: Vec<Id>,
    /// Enrollments through the API by contact, under its current id.
    pub per_contact: BTreeMap<Id, usize>,
    /// Calls by endpoint and outcome: a status, or `dropped`, `hung`, `truncated`.
    pub calls: BTreeMap<Endpoint, BTreeMap<String, u64>>,
    /// Calls by profile.
    pub dialects: BTreeMap<String, u64>,
    /// Deliveries that are over.
    pub deliveries: DeliveryCounts,
    /// Requests that waited while connections were withheld, by endpoint.
    pub withheld: BTreeMap<Endpoint, u64>,
    /// The phases of every enroll call.
    pub phases: Vec<EnrollCall>,
}

/// Deliveries by their end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DeliveryCounts {
    /// All of them.
    pub sent: usize,
    /// Those of which one attempt was answered with 2xx.
    pub acknowledged: usize,
    /// Those of which none was.
    pub refused: usize,
}

impl Counts {
    /// Counts what the portal and the log hold.
    pub(super) fn of(hub: &Hub, log: &Log) -> Self {
        let all = &hub.state.enrolled;
        let by_api = all.iter().filter(|entry| entry.by == By::Api).count();
        let (mut per_contact, mut seen, mut repeats) = (BTreeMap::new(), BTreeSet::new(), 0);
        for entry in all {
            let contact = hub.canonical(&entry.contact);
            let known = !seen.insert((contact.clone(), &entry.target));
            if entry.by == By::Api {
                repeats += usize::from(known);
                *per_contact.entry(contact).or_default() += 1;
            }
        }
        let lost_contacts: Vec<Id> = hub
            .state
            .expect
            .iter()
            .filter(|contact| !hub.enrollments(contact).any(|entry| entry.by == By::Api))
            .cloned()
            .collect();
        let acknowledged = log.deliveries.iter().filter(|d| d.acknowledged).count();
        Self {
            enrollments: by_api,
            by_hand: all.len() - by_api,
            duplicates: all.iter().filter(|entry| entry.duplicate).count(),
            overlaps: all.iter().filter(|entry| entry.overlap).count(),
            repeats,
            unenrolled: hub.unenrolled_by_call + hub.bridge.counts.unenrolled,
            bridge: hub.bridge.counts,
            lost: lost_contacts.len(),
            lost_contacts,
            per_contact,
            calls: log.calls.clone(),
            dialects: log.dialects.clone(),
            deliveries: DeliveryCounts {
                sent: log.deliveries.len(),
                acknowledged,
                refused: log.deliveries.len() - acknowledged,
            },
            withheld: log.withheld.clone(),
            phases: log.enrolls.clone(),
        }
    }
}
