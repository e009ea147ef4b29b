//! Leaving: HubSpot is asked to take the contact out, by its own call or by the bridge, and is
//! looked at until it has. The leaving is on disk before the first call (CONSISTENCY.md 6.2).

use tracing::warn;

use super::Router;
use super::call::report;
use super::pace::Urgency;
use super::turn::Progress;
use crate::domain::claim::Channel;
use crate::domain::contact::Contact;
use crate::domain::gates::evidence;
use crate::domain::id::PropertyName;
use crate::domain::leaving::{
    Case, End, Leaving, Stage, Verdict, by_bridge, by_call, put_off, refused_access, settle,
};
use crate::domain::outcome::{Concerns, Outcome, ReadFailure};
use crate::domain::person::Person;
use crate::domain::record::Turn;
use crate::domain::settle::Shown;
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Named, Wanted};

/// What one step of a leaving came to.
enum GoneOn {
    /// Its record.
    Turn(Box<Turn>),
    /// HubSpot knows the person under another id now.
    Elsewhere(Contact),
}

impl From<Turn> for GoneOn {
    fn from(turn: Turn) -> Self {
        Self::Turn(Box::new(turn))
    }
}

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// One step of one leaving.
    pub(super) async fn leave(
        &self,
        leaving: Leaving,
        person: Person,
    ) -> Result<Progress, LedgerError> {
        let rules = self.rules.load_full();
        let case = Case { rules: &rules, policy: self.policy, now: self.now(), person, leaving };
        let gone_on = match self.standstill(&case) {
            Some(delay_ms) => put_off(&case, delay_ms).into(),
            None => self.go_on(&case).await,
        };
        let turn = match gone_on {
            GoneOn::Turn(turn) => *turn,
            GoneOn::Elsewhere(contact) => {
                self.is_known_as(&case.person, &contact, self.now()).await?;
                return Ok(Progress::More);
            }
        };
        report(&turn);
        self.ledger.settle(turn).await?;
        Ok(Progress::More)
    }

    /// Milliseconds for which no call leaves: a person has paused them, or HubSpot refuses the
    /// target, or our share of the day is used up.
    fn standstill(&self, case: &Case<'_>) -> Option<u64> {
        if self.ledger.is_paused() {
            return Some(self.pause.wait_ms());
        }
        if let Some(parked_ms) = self.parked_ms(Urgency::Leave) {
            return Some(parked_ms);
        }
        let (_, until) = self.halts.of_target(&case.leaving.target.name, case.now)?;
        Some(until.since_ms(case.now))
    }

    async fn go_on(&self, case: &Case<'_>) -> GoneOn {
        let channel = case.leaving.target.channel;
        let bridge = case.rules.portal.bridge.as_ref().map(|bridge| bridge.property.clone());
        let left = match (channel, bridge) {
            _ if self.hubspot.unenrolls(channel) => self.leave_by_call(case).await,
            (Channel::Sequence, Some(property)) => self.leave_by_bridge(case, &property).await,
            _ => Ok(settle(case, None, Verdict::Over(End::impossible()), None).into()),
        };
        match left {
            Ok(gone_on) => gone_on,
            Err(ReadFailure::Later { why, delay_ms, message }) => {
                self.circuits.unanswered(why, &message);
                let delay_ms = self.slow_down(case.rules, why, delay_ms);
                put_off(case, delay_ms.unwrap_or_else(|| self.left_again_ms(case))).into()
            }
            Err(ReadFailure::Halted { message }) => {
                warn!(%message, "HubSpot refuses our access");
                self.halts.everything(self.now(), &message);
                refused_access(case, &message).into()
            }
            Err(ReadFailure::Refused { message }) => {
                let refused = Outcome::Refused { concerns: Concerns::Request, message };
                settle(case, None, Verdict::Later, Some(refused)).into()
            }
        }
    }

    /// HubSpot's own call. A workflow is left by the address, which is read before; a sequence
    /// by the enrollment that HubSpot shows. What was asked is looked at before it is asked again.
    async fn leave_by_call(&self, case: &Case<'_>) -> Result<GoneOn, ReadFailure> {
        let Leaving { target, stage, .. } = &case.leaving;
        let Some(contact) = self.read_for_leaving(case, None).await? else {
            return Ok(settle(&self.later(case), None, Verdict::Over(End::Absent), None).into());
        };
        if contact.id != case.person.contact {
            return Ok(GoneOn::Elsewhere(contact));
        }
        let is_first = target.channel == Channel::Workflow && *stage == Stage::Asked;
        let shown = if is_first {
            Shown::Nothing("not looked at yet".to_owned())
        } else {
            self.shown(target, case.person.contact, Urgency::Leave).await?
        };
        let verdict = by_call(case, &shown);
        let Verdict::Call(enrollment) = &verdict else {
            return Ok(settle(&self.later(case), None, verdict, None).into());
        };
        let named = Named { email: contact.email(), enrollment: enrollment.as_deref() };
        self.ask(Urgency::Leave, 1).await;
        let answered = self.heard(self.hubspot.unenroll(target, case.person.contact, named)).await;
        let outcome = self.left(answered.outcome, case);
        let case = self.after_call(case, answered.correlation);
        Ok(settle(&case, Some(&contact), verdict, Some(outcome)).into())
    }

    /// The bridge: the contact is read right before its property is written, so that what came
    /// after is never left (CONSISTENCY.md 6.16).
    async fn leave_by_bridge(
        &self,
        case: &Case<'_>,
        property: &PropertyName,
    ) -> Result<GoneOn, ReadFailure> {
        let Some(contact) = self.read_for_leaving(case, Some(property)).await? else {
            return Ok(settle(&self.later(case), None, Verdict::Over(End::Absent), None).into());
        };
        if contact.id != case.person.contact {
            return Ok(GoneOn::Elsewhere(contact));
        }
        let verdict = by_bridge(&self.later(case), property, &contact);
        let value = match &verdict {
            Verdict::Stamp => Some(case.leaving.id.as_str()),
            Verdict::Wipe | Verdict::Clear(_) => Some(""),
            _ => None,
        };
        let Some(value) = value else {
            return Ok(settle(&self.later(case), Some(&contact), verdict, None).into());
        };
        self.ask(Urgency::Leave, 1).await;
        let answered = self.heard(self.hubspot.write(case.person.contact, property, value)).await;
        let outcome = self.left(answered.outcome, case);
        // The write that clears the property is not the one that asked.
        let case = self.after_call(case, answered.correlation.filter(|_| !value.is_empty()));
        Ok(settle(&case, Some(&contact), verdict, Some(outcome)).into())
    }

    /// The case as of now: calls take time.
    fn later<'a>(&self, case: &Case<'a>) -> Case<'a> {
        Case { now: self.now(), ..case.clone() }
    }

    /// The same after a call that asked for it, with HubSpot's id of the call.
    fn after_call<'a>(&self, case: &Case<'a>, correlation: Option<String>) -> Case<'a> {
        let mut case = self.later(case);
        case.leaving.call = correlation.or(case.leaving.call);
        case
    }

    /// The contact with its latest sequence, its address and the bridge's property. `None`: gone.
    async fn read_for_leaving(
        &self,
        case: &Case<'_>,
        property: Option<&PropertyName>,
    ) -> Result<Option<Contact>, ReadFailure> {
        self.ask(Urgency::Leave, 1).await;
        let mut properties = evidence::PROPERTIES.map(PropertyName::from).to_vec();
        properties.push("email".into());
        properties.extend(property.cloned());
        let wanted = Wanted { properties, history: Vec::new() };
        self.heard(self.hubspot.contact(case.person.contact, &wanted)).await
    }
}
