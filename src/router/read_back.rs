//! Claims in doubt: HubSpot is asked what is true before anything else happens.

use super::Router;
use super::call::report;
use super::pace::Urgency;
use super::turn::Progress;
use crate::domain::claim::{Channel, Claim, Doubt, State, Target};
use crate::domain::contact::Contact;
use crate::domain::gates::evidence;
use crate::domain::id::{ContactId, PropertyName, RowId, RuleId};
use crate::domain::outcome::{Later, Observation, ReadFailure};
use crate::domain::person::{Item, Person};
use crate::domain::reason::Reason;
use crate::domain::record::{Press, ReadsProven, Step, Turn};
use crate::domain::rule::Mode;
use crate::domain::settle::{
    Case, Resolution, Shown, by_person, item_of, observe, recovered, resolve,
};
use crate::domain::time::{SECOND_MS, Timestamp};
use crate::domain::view::Memory;
use crate::port::{Clock, Enrollments, HubSpot, Ledger, LedgerError, Recorded, Saw, Wanted};

/// What a reload may have mended.
const WOKEN: [Reason; 4] =
    [Reason::NoSender, Reason::SenderPaused, Reason::HubspotRefusedRequest, Reason::DeadLetter];
/// What waits for a person, as long as its rule is there.
const ASKED: [Reason; 2] = [Reason::NeedsApproval, Reason::BreakerOpen];

/// How long a read of the contact counts as one of a moment ago.
const FRESH_MS_MAX: u64 = 30 * SECOND_MS;

/// What was found.
pub(super) enum Look {
    /// What HubSpot shows of the claim.
    Seen(Observation),
    /// The person is known under another id now.
    Elsewhere(Contact),
}

/// Whether the contact was read right before the call, and the call was answered a moment ago.
fn is_fresh(claim: &Claim, now: Timestamp) -> bool {
    let State::InDoubt { since, doubt, checks, .. } = &claim.state else { return false };
    *checks == 0 && *doubt != Doubt::NoAnswer && now.since_ms(*since) < FRESH_MS_MAX
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// Asks HubSpot about one claim and takes the answer into account, unless the person changed
    /// meanwhile: somebody may have resolved it.
    pub(super) async fn read_back(
        &self,
        claim: Claim,
        memory: &Memory,
    ) -> Result<Progress, LedgerError> {
        let person = &memory.person;
        let looked = match self.parked_ms(Urgency::Doubt) {
            Some(delay_ms) => {
                Ok(Look::Seen(Observation::NotNow { why: Later::Busy, delay_ms: Some(delay_ms) }))
            }
            None => self.look_at(&claim, person).await,
        };
        let observation = match looked {
            Ok(Look::Seen(observation)) => observation,
            Ok(Look::Elsewhere(contact)) => {
                let now = self.now();
                self.is_known_as(person, &contact, now).await?;
                return Ok(Progress::More);
            }
            Err(ReadFailure::Later { why, delay_ms, message }) => {
                self.circuits.unanswered(why, &message);
                let delay_ms = self.slow_down(&self.rules.load(), why, delay_ms);
                Observation::NotNow { why, delay_ms }
            }
            Err(ReadFailure::Halted { message }) => {
                self.halts.everything(self.now(), &message);
                let why = Later::Unreachable;
                Observation::NotNow { why, delay_ms: None }
            }
            Err(ReadFailure::Refused { message }) => Observation::Unobservable { why: message },
        };
        let stamped = matches!(observation, Observation::Stamped { .. });
        let stamped = stamped.then(|| self.marker_of(&claim.target)).flatten();
        let case = self.case(claim, person);
        let observation = self.looked_again(observation, &case);
        let turn = resolve(case, observation);
        let told = turn.clone();
        let saw = Saw { versions: memory.versions.clone() };
        if self.ledger.record(turn, saw).await? == Recorded::Done {
            report(&told);
        }
        if let Some(marker) = stamped {
            self.prove_marker(marker).await?;
        }
        self.keep_proofs().await?;
        Ok(Progress::More)
    }

    /// The enrollment read, and where that does not show it the latest-sequence properties. Where
    /// the call may be long past, the contact is read first: the enrollment stands under the id
    /// that counts now (CONSISTENCY.md 6.8), and of somebody who is gone nothing can be seen.
    async fn look_at(&self, claim: &Claim, person: &Person) -> Result<Look, ReadFailure> {
        if let Some(marker) = self.marker_of(&claim.target) {
            return self.look_for_stamp(claim, person, marker).await;
        }
        let contact = if is_fresh(claim, self.clock.now()) {
            None
        } else {
            let Some(contact) = self.latest_sequence(person.contact).await? else {
                let why = "the contact is deleted".to_owned();
                return Ok(Look::Seen(Observation::Unobservable { why }));
            };
            if contact.id != person.contact {
                return Ok(Look::Elsewhere(contact));
            }
            Some(contact)
        };
        let shown = self.shown(&claim.target, person.contact, Urgency::Doubt).await?;
        let found = observe(claim, &shown, contact.as_ref());
        if claim.target.channel == Channel::Workflow
            || contact.is_some()
            || matches!(found, Observation::Enrolled { .. })
        {
            return Ok(Look::Seen(found));
        }
        let latest = self.latest_sequence(person.contact).await?;
        Ok(Look::Seen(observe(claim, &shown, latest.as_ref())))
    }

    /// What the enrollment read answers.
    pub(super) async fn shown(
        &self,
        target: &Target,
        contact: ContactId,
        urgency: Urgency,
    ) -> Result<Shown, ReadFailure> {
        self.ask(urgency, 1).await;
        Ok(match self.heard(self.hubspot.enrollments(target, contact)).await? {
            Enrollments::Sequences(sightings) => Shown::Sequences(
                sightings
                    .into_iter()
                    .map(|it| (it.sequence, it.enrolled_at, it.enrollment))
                    .collect(),
            ),
            Enrollments::Workflows(flows) => Shown::Workflows(flows),
            Enrollments::Unobservable(why) => Shown::Nothing(why),
        })
    }

    /// What this read proved is known after a restart too: a later "not found" about a lost
    /// answer counts as absence (PRODUCT.md, "On an enroll call").
    pub(super) async fn keep_proofs(&self) -> Result<(), LedgerError> {
        let known = self.ledger.proven_reads();
        let mut reads = self.hubspot.proven_reads();
        reads.markers.clone_from(&known.markers);
        if reads == known {
            return Ok(());
        }
        self.ledger.prove(ReadsProven { at: self.now(), reads }).await
    }

    async fn latest_sequence(&self, contact: ContactId) -> Result<Option<Contact>, ReadFailure> {
        self.ask(Urgency::Doubt, 1).await;
        let properties = evidence::PROPERTIES.map(PropertyName::from).to_vec();
        self.heard(self.hubspot.contact(contact, &Wanted { properties, history: Vec::new() })).await
    }

    fn case(&self, claim: Claim, person: &Person) -> Case {
        Case {
            policy: self.policy,
            item: item_of(&person.items, &claim),
            trace: Vec::new(),
            inbox: self.ledger.inbox_state(claim.sender.as_ref().map(|sender| &sender.inbox)),
            now: self.now(),
            seed: claim.contact.0,
            rules: self.rules.load_full(),
            claim,
        }
    }

    /// Ends the doubt about the enrollment of record `row` by what a person found in HubSpot;
    /// `false` where it is in doubt no more.
    pub async fn resolve_by_person(
        &self,
        (contact, row): (ContactId, &RowId),
        resolution: Resolution,
        press: Press,
    ) -> Result<bool, LedgerError> {
        loop {
            let Memory { person, versions, .. } = self.ledger.look(contact)?;
            let mut claims = person.claims.iter();
            let Some(claim) = claims.find(|it| it.row == *row && it.is_doubted()) else {
                return Ok(false);
            };
            let case = self.case(claim.clone(), &person);
            let turn = by_person(case, resolution, press.clone());
            let told = turn.clone();
            if self.ledger.record(turn, Saw { versions }).await? == Recorded::Done {
                report(&told);
                return Ok(true);
            }
        }
    }

    /// Looks again at what is held for a reason that a reload or a mended access may have ended,
    /// and at what is asked for a rule that is gone or off (CONSISTENCY.md 6.12).
    pub async fn wake(&self, contact: ContactId) -> Result<(), LedgerError> {
        let rules = self.rules.load_full();
        let is_off = |id: &RuleId| rules.rule(id).is_none_or(|rule| rule.mode == Mode::Off);
        let vain = |it: &Item| ASKED.contains(&it.reason) && it.of_rule().is_some_and(is_off);
        loop {
            let Memory { person, versions, .. } = self.ledger.look(contact)?;
            let now = self.now();
            let mut turn = Turn::new(Step::Pressed, person.contact, now);
            let held = person.items.into_iter();
            let held = held.filter(|item| WOKEN.contains(&item.reason) || vain(item));
            turn.items = held.map(|item| Item { due: Some(now), ..item }).collect();
            if turn.items.is_empty()
                || self.ledger.record(turn, Saw { versions }).await? == Recorded::Done
            {
                return Ok(());
            }
        }
    }

    /// Claims that were reserved when the router stopped may have been sent: they are in doubt.
    pub async fn recover(&self, contacts: &[ContactId]) -> Result<usize, LedgerError> {
        let mut recovered_claims = 0;
        for contact in contacts {
            let person = self.ledger.look(*contact)?.person;
            let reserved = person.claims.iter().filter(|claim| claim.state == State::Reserved);
            for claim in reserved {
                let turn = recovered(self.case(claim.clone(), &person));
                self.ledger.settle(turn).await?;
                recovered_claims += 1;
            }
        }
        Ok(recovered_claims)
    }
}
