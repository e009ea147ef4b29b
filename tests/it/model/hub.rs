//! HubSpot: what takes effect, what answers, what is shown.

use super::state::{Call, Contact, Harm, Router, SEQUENCE, State, WORKFLOW};

impl State {
    /// A call arrives. A contact can be in one sequence at a time; the workflow lets nobody in
    /// a second time.
    pub(crate) fn arrive(&mut self, call: &Call) {
        let claim = self.claims[call.claim].clone();
        let who = self.canonical(claim.contact);
        let target = (who, claim.rule);
        let known = if claim.rule == SEQUENCE { &self.hub.active } else { &self.hub.ever };
        let enrolled = !known.contains(&target);
        if enrolled {
            // A merge between read and call is nobody's mistake.
            let forewarned = claim.read_merged == self.hub.merged;
            let blocked = claim.rule == WORKFLOW && self.sequence_was_first(call.claim, who);
            let repeated = self.hub.ever.contains(&target) && forewarned;
            let harms = [
                (Harm::Overlapped, blocked && forewarned),
                (Harm::Repeated, repeated),
                (Harm::CameBack, call.after_leaving),
            ];
            self.hub.harm.extend(harms.into_iter().filter(|(_, done)| *done).map(|(harm, _)| harm));
            self.hub.active.insert(target);
            self.hub.ever.insert(target);
            self.claims[call.claim].effects += 1;
        }
        self.hub.calls.remove(call);
        // The answer of a call that nobody waits for any more goes nowhere.
        if self.routers.contains(&Router::Calling { claim: call.claim }) {
            self.hub.calls.insert(Call { enrolled: Some(enrolled), ..call.clone() });
        }
    }

    /// The person runs in the sequence, by a claim made before this one. The other way round the
    /// two may overlap: the workflow's theme blocks nothing.
    fn sequence_was_first(&self, claim: usize, who: Contact) -> bool {
        let earlier = self.claims[..claim].iter();
        self.hub.active.contains(&(who, SEQUENCE))
            && earlier
                .filter(|claim| claim.rule == SEQUENCE && claim.effects > 0)
                .any(|claim| self.canonical(claim.contact) == who)
    }

    /// Two contacts become one, with everything they are and were in.
    pub(crate) fn merge(&mut self) {
        self.hub.merged = true;
        self.hub.active = self.hub.active.iter().map(|(_, rule)| (0, *rule)).collect();
        self.hub.ever = self.hub.ever.iter().map(|(_, rule)| (0, *rule)).collect();
        self.coming = self.coming.iter().map(|(_, rule)| (0, *rule)).collect();
    }

    /// What a read-back shows of a claim: the dates tell whose enrollment it is, ended or not.
    pub(crate) fn shows(&self, claim: usize) -> bool {
        self.claims[claim].effects > 0
    }

    pub(crate) fn is_active(&self, contact: Contact, rule: u8) -> bool {
        self.hub.active.contains(&(self.canonical(contact), rule))
    }
}
