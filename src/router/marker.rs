//! The marker of a workflow, read back: what its first action stamped tells whether it ran, also
//! where it is over already (RELIABILITY.md section 4, "Marker option").

use super::Router;
use super::pace::Urgency;
use super::read_back::Look;
use crate::domain::claim::{Claim, Target};
use crate::domain::id::PropertyName;
use crate::domain::outcome::{Observation, ReadFailure};
use crate::domain::person::Person;
use crate::domain::record::ReadsProven;
use crate::domain::settle::{CONTROLS, Mark, Shown, marked, observe, unstamped};
use crate::port::{Clock, HubSpot, Ledger, LedgerError, Wanted};

/// A workflow by its flow id, and the property that it stamps.
pub(super) type Marker = (u64, PropertyName);

impl<L: Ledger, H: HubSpot, C: Clock> Router<L, H, C> {
    /// The marker of a target, where the address book names one.
    pub(super) fn marker_of(&self, target: &Target) -> Option<Marker> {
        Some((target.id, self.rules.load().workflow(target)?.marker.clone()?))
    }

    /// The history of the marker first; where it has no stamp of this call, the list of current
    /// workflows too.
    pub(super) async fn look_for_stamp(
        &self,
        claim: &Claim,
        person: &Person,
        marker: Marker,
    ) -> Result<Look, ReadFailure> {
        self.ask(Urgency::Doubt, 1).await;
        let controls = CONTROLS.map(PropertyName::from);
        let history = std::iter::once(marker.1.clone()).chain(controls).collect();
        let wanted = Wanted { properties: Vec::new(), history };
        let contact = self.heard(self.hubspot.contact(person.contact, &wanted)).await?;
        let Some(contact) = contact else {
            let why = "the contact is deleted".to_owned();
            return Ok(Look::Seen(Observation::Unobservable { why }));
        };
        if contact.id != person.contact {
            return Ok(Look::Elsewhere(contact));
        }
        let mark = marked(claim, &person.claims, &contact, &marker.1);
        if let Mark::Stamped(at) = mark {
            return Ok(Look::Seen(Observation::Stamped { at }));
        }
        let shown = match self.shown(&claim.target, person.contact, Urgency::Doubt).await {
            // The marker was read: a list that HubSpot refuses takes nothing from that.
            Err(ReadFailure::Refused { message }) => Shown::Nothing(message),
            shown => shown?,
        };
        let is_proven = self.ledger.proven_reads().markers.contains(&marker);
        Ok(Look::Seen(unstamped(mark, is_proven, observe(claim, &shown, None))))
    }

    /// From now on, also after a restart, a missing stamp of this marker counts.
    pub(super) async fn prove_marker(&self, marker: Marker) -> Result<(), LedgerError> {
        let mut reads = self.ledger.proven_reads();
        if !reads.markers.insert(marker) {
            return Ok(());
        }
        self.ledger.prove(ReadsProven { at: self.now(), reads }).await
    }
}
