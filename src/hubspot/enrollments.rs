//! Reading back what a contact is enrolled in, and how far "nothing" can be trusted
//! (PRODUCT.md "On an enroll call"; HUBSPOT.md 3.2, 3.8 and 4.1).

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::client::Client;
use super::found::{Failure, Found, Missing, found};
use super::json::{instant, number, text};
use super::profile::{Dialect, Profile, ROUTE_MAP_ENROLLMENT, WORKFLOW_ENROLLMENTS, fill};
use super::wire::Call;
use crate::domain::claim::{Channel, Target};
use crate::domain::id::{ContactId, SequenceId, UserId};
use crate::domain::record::ProvenReads;
use crate::port::{Enrolled, Enrollments, Sighting};

/// More enrollments of one contact than this are not followed.
const FOLLOWED_MAX: usize = 20;

/// Which reads have answered 2xx for this portal, as this process learns them.
#[derive(Debug)]
pub(super) struct Proofs {
    profile: Profile,
    sequences: AtomicBool,
    workflows: AtomicBool,
}

impl Proofs {
    pub(super) fn of(profile: Profile) -> Self {
        Self { profile, sequences: false.into(), workflows: false.into() }
    }

    pub(super) fn trust(&self, proven: &ProvenReads) {
        if proven.profile == self.profile.name() {
            self.sequences.fetch_or(proven.sequences, Ordering::Relaxed);
            self.workflows.fetch_or(proven.workflows, Ordering::Relaxed);
        }
    }

    pub(super) fn known(&self) -> ProvenReads {
        ProvenReads {
            profile: self.profile.name().to_owned(),
            sequences: self.sequences.load(Ordering::Relaxed),
            workflows: self.workflows.load(Ordering::Relaxed),
            // Markers are the router's: they are read from contacts.
            markers: BTreeSet::new(),
        }
    }
}

/// What a list read shows.
enum Listing<T> {
    Shown(Vec<T>),
    /// Nothing is shown, and that cannot be trusted.
    Untrusted(String),
}

impl Client {
    /// Reads back what `contact` is enrolled in on the target's channel.
    pub(super) async fn read_back(
        &self,
        target: &Target,
        contact: ContactId,
    ) -> Result<Enrollments, Failure> {
        match (target.channel, self.endpoints.dialect) {
            (Channel::Sequence, Dialect::Documented) => {
                let listing = self.sequences_of(contact, sighting).await?;
                Ok(listing.map_or_unobservable(Enrollments::Sequences))
            }
            (Channel::Sequence, Dialect::RouteMap) => {
                let followed = self.followed(contact, sighting).await?;
                Ok(followed.map_or_else(Enrollments::Unobservable, Enrollments::Sequences))
            }
            (Channel::Workflow, Dialect::Documented) => self.workflows_of(target.id, contact).await,
            (Channel::Workflow, Dialect::RouteMap) => Ok(Enrollments::Unobservable(
                "the route-map profile has no call that shows workflow enrollments".to_owned(),
            )),
        }
    }

    /// Every sequence enrollment shown of `contact`, with who made it.
    pub(super) async fn enrolled_by(&self, contact: ContactId) -> Result<Vec<Enrolled>, Failure> {
        let shown = match self.endpoints.dialect {
            Dialect::Documented => match self.sequences_of(contact, enrolled).await? {
                Listing::Shown(shown) => Ok(shown),
                Listing::Untrusted(why) => Err(why),
            },
            Dialect::RouteMap => self.followed(contact, enrolled).await?,
        };
        Ok(shown.unwrap_or_default())
    }

    async fn sequences_of<T>(
        &self,
        contact: ContactId,
        entry: impl Fn(&Value) -> Option<T>,
    ) -> Result<Listing<T>, Failure> {
        let contact = contact.to_string();
        let path = fill(self.endpoints.sequence_enrollments, &[("contact", &contact)]);
        let answer = self.wire.send(Call::get(path, String::new())).await;
        listing(&found(answer)?, &self.proofs.sequences, entry)
    }

    /// The route map lists ids only; each is followed to its enrollment. The inner error says why
    /// what is shown cannot be trusted.
    async fn followed<T>(
        &self,
        contact: ContactId,
        entry: impl Fn(&Value) -> Option<T>,
    ) -> Result<Result<Vec<T>, String>, Failure> {
        let ids = match self.sequences_of(contact, |entry| text(entry.get("id")?)).await? {
            Listing::Shown(ids) => ids,
            Listing::Untrusted(why) => return Ok(Err(why)),
        };
        if FOLLOWED_MAX < ids.len() {
            return Ok(Err(format!("more than {FOLLOWED_MAX} sequence enrollments are shown")));
        }
        let mut sightings = Vec::with_capacity(ids.len());
        for id in ids {
            let values = [("contact", contact.to_string()), ("enrollment", id)];
            let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
            let path = fill(ROUTE_MAP_ENROLLMENT, &values);
            let answer = found(self.wire.send(Call::get(path, String::new())).await)?;
            let Found::Json(answer) = answer else {
                return Ok(Err("a listed sequence enrollment cannot be read".to_owned()));
            };
            sightings.push(entry(&answer).ok_or_else(not_understood)?);
        }
        Ok(Ok(sightings))
    }

    /// The claim's own flow decides, so it must be mapped; others are named where HubSpot
    /// knows their flow.
    async fn workflows_of(&self, flow: u64, contact: ContactId) -> Result<Enrollments, Failure> {
        if self.workflow_of(flow).await?.is_none() {
            let why = format!("HubSpot knows no workflow with flow id {flow}");
            return Ok(Enrollments::Unobservable(why));
        }
        let path = fill(WORKFLOW_ENROLLMENTS, &[("contact", &contact.to_string())]);
        let answer = self.wire.send(Call::get(path, String::new())).await;
        let workflow = |entry: &Value| {
            entry.get("id").and_then(number).or_else(|| number(entry.get("workflowId")?))
        };
        match listing(&found(answer)?, &self.proofs.workflows, workflow)? {
            Listing::Shown(workflows) => {
                Ok(Enrollments::Workflows(self.flows_of(&workflows).await?))
            }
            Listing::Untrusted(why) => Ok(Enrollments::Unobservable(why)),
        }
    }
}

impl<T> Listing<T> {
    fn map_or_unobservable(self, shown: impl FnOnce(Vec<T>) -> Enrollments) -> Enrollments {
        match self {
            Self::Shown(entries) => shown(entries),
            Self::Untrusted(why) => Enrollments::Unobservable(why),
        }
    }
}

/// One object, an array, `results`, nothing or a 404: the answer for a contact without any is
/// undocumented. A list, a 204 and an understood object prove the path.
fn listing<T>(
    answer: &Found,
    proof: &AtomicBool,
    entry: impl Fn(&Value) -> Option<T>,
) -> Result<Listing<T>, Failure> {
    let entries = match answer {
        Found::NoContent => Some(Vec::new()),
        Found::Json(value) => entries(value)
            .map(|values| values.iter().map(entry).collect::<Option<_>>())
            .map(|entries| entries.ok_or_else(not_understood))
            .transpose()?,
        Found::Blank | Found::Missing(_) => None,
    };
    if let Some(entries) = entries {
        proof.store(true, Ordering::Relaxed);
        return Ok(Listing::Shown(entries));
    }
    let why = match answer {
        Found::Missing(Missing::Unnamed | Missing::Path) => {
            "a 404 without HubSpot's category OBJECT_NOT_FOUND"
        }
        _ if proof.load(Ordering::Relaxed) => return Ok(Listing::Shown(Vec::new())),
        Found::Missing(Missing::Object) => "a 404 on a path that has never answered here",
        _ => "an empty answer on a path that has never answered here",
    };
    Ok(Listing::Untrusted(why.to_owned()))
}

/// `None`: null or `{}`, which says nothing by itself.
fn entries(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Null => None,
        Value::Object(fields) if fields.is_empty() => None,
        Value::Array(entries) => Some(entries),
        Value::Object(fields) => match fields.get("results") {
            Some(Value::Array(entries)) => Some(entries),
            _ => Some(std::slice::from_ref(value)),
        },
        other => Some(std::slice::from_ref(other)),
    }
}

fn sighting(entry: &Value) -> Option<Sighting> {
    Some(Sighting {
        sequence: SequenceId(entry.get("sequenceId").and_then(number)?),
        enrolled_at: entry.get("enrolledAt").and_then(instant),
        enrollment: entry.get("id").and_then(text),
    })
}

fn enrolled(entry: &Value) -> Option<Enrolled> {
    Some(Enrolled {
        sighting: sighting(entry)?,
        user: entry.get("enrolledBy").and_then(number).map(UserId),
        email: entry.get("enrolledByEmail").and_then(text),
    })
}

fn not_understood() -> Failure {
    Failure::unusable("the answer is not a list of enrollments")
}
