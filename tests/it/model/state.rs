//! What the store, the routers and HubSpot know.

use std::collections::BTreeSet;

/// 0 or 1; 1 may be merged into 0.
pub(crate) type Contact = u8;
/// Which rule, and so which theme and target: [`SEQUENCE`] or [`WORKFLOW`].
pub(crate) type Rule = u8;

/// Rule 0 enrolls into a sequence; its theme blocks the other one.
pub(crate) const SEQUENCE: Rule = 0;
/// Rule 1 enrolls into a workflow whose re-enrollment is off.
pub(crate) const WORKFLOW: Rule = 1;

/// The rules of CONSISTENCY.md section 6 that can be taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// 1 and 6.10: the reservation looks again at everything the decision saw.
    ReserveLooksAgain,
    /// 6.6: a second call is never made without a read between.
    ReadBeforeRepeat,
    /// 6.15: a claim in doubt holds its theme and what that blocks.
    DoubtHolds,
    /// 6.9: an unsettled claim counts in the budget.
    UnsettledCounts,
    /// 6.8: the view of a person is the union over the merged ids.
    UnionOfIds,
    /// 6.17: a router that was stopped between permit and write withdraws.
    SleeperWithdraws,
    /// 6.2: an enrollment in doubt is not repeated once the person was taken out.
    UnenrollEndsRepeats,
    /// 6.2: unenroll ends what waits.
    UnenrollEndsWaits,
}

/// The rules that hold: all but one, or all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) without: Option<Held>,
}

impl Rules {
    pub(crate) fn hold(self, rule: Held) -> bool {
        self.without != Some(rule)
    }
}

/// How often each trouble may come, and the sender's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Limits {
    pub(crate) budget: u8,
    pub(crate) crashes: u8,
    pub(crate) losses: u8,
    pub(crate) sleeps: u8,
    pub(crate) merges: u8,
    pub(crate) unenrolls: u8,
    pub(crate) reloads: u8,
    pub(crate) finishes: u8,
}

impl Limits {
    const CALM: Self = Self {
        budget: 2,
        crashes: 0,
        losses: 0,
        sleeps: 0,
        merges: 0,
        unenrolls: 0,
        reloads: 0,
        finishes: 0,
    };
    /// A router stops, a call is lost, and the contacts are merged.
    pub(crate) const MERGED: Self = Self { crashes: 1, losses: 1, merges: 1, ..Self::CALM };
    /// Two calls are lost, and somebody is taken out.
    pub(crate) const LOST: Self = Self { losses: 2, unenrolls: 1, ..Self::CALM };
    /// A router stands still, a call is lost, and a sequence ends.
    pub(crate) const ASLEEP: Self = Self { sleeps: 1, losses: 1, finishes: 1, ..Self::CALM };
    /// One place for two contacts, with a crash and a reload.
    pub(crate) const FULL: Self =
        Self { budget: 1, crashes: 1, losses: 1, reloads: 1, ..Self::CALM };

    /// What the test command has time for.
    pub(crate) const SHORT: [Self; 2] = [
        Self { losses: 1, unenrolls: 1, ..Self::CALM },
        Self { merges: 1, crashes: 1, ..Self::CALM },
    ];
    /// Some ten million states; `HUBROUTE_TEST_MODEL=whole`.
    pub(crate) const WHOLE: [Self; 4] = [Self::MERGED, Self::LOST, Self::ASLEEP, Self::FULL];
}

/// Where a claim stands (domain::claim).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClaimState {
    Reserved,
    InDoubt,
    NeedsReview,
    Confirmed,
    Ended,
    Released,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Claim {
    pub(crate) contact: Contact,
    pub(crate) rule: Rule,
    pub(crate) state: ClaimState,
    /// Calls made.
    pub(crate) calls: u8,
    /// The person was taken out since.
    pub(crate) left: bool,
    /// The merge had happened when the person was read for it.
    pub(crate) read_merged: bool,
    /// Enrollments that HubSpot made for it.
    pub(crate) effects: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Router {
    Down,
    Idle,
    /// The person was read and the rule matched.
    Decided {
        contact: Contact,
        rule: Rule,
        merged: bool,
    },
    /// The reservation is durable; the call leaves next.
    Permit {
        claim: usize,
    },
    /// Stopped between permit and write.
    Asleep {
        claim: usize,
    },
    /// The call is out.
    Calling {
        claim: usize,
    },
}

/// A call on its way.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Call {
    pub(crate) claim: usize,
    /// HubSpot's answer: `None` while it has not arrived there.
    pub(crate) enrolled: Option<bool>,
    /// It was sent after the person had been taken out.
    pub(crate) after_leaving: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// Somebody entered a target twice, and a read could have told.
    Repeated,
    /// Somebody was enrolled where a theme they are in forbids it.
    Overlapped,
    /// Somebody was enrolled by a call made after they were taken out.
    CameBack,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Hub {
    pub(crate) merged: bool,
    /// Who is in what now.
    pub(crate) active: BTreeSet<(Contact, Rule)>,
    /// Who was ever in what.
    pub(crate) ever: BTreeSet<(Contact, Rule)>,
    pub(crate) calls: BTreeSet<Call>,
    /// Who was taken out of everything.
    pub(crate) taken_out: BTreeSet<Contact>,
    /// What should never have happened.
    pub(crate) harm: BTreeSet<Harm>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// Events HubSpot has not sent yet.
    pub(crate) coming: BTreeSet<(Contact, Rule)>,
    pub(crate) waiting: BTreeSet<(Contact, Rule)>,
    pub(crate) claims: Vec<Claim>,
    /// The store knows of the merge.
    pub(crate) aliased: bool,
    /// Whether the workflow's rule is in the rule set.
    pub(crate) workflow_rule: bool,
    pub(crate) routers: [Router; 2],
    pub(crate) hub: Hub,
    pub(crate) left: Limits,
}

impl State {
    pub(crate) fn new(limits: Limits) -> Self {
        let coming = [(0, SEQUENCE), (0, WORKFLOW), (1, SEQUENCE), (1, WORKFLOW)];
        Self {
            coming: coming.into(),
            waiting: BTreeSet::new(),
            claims: Vec::new(),
            aliased: false,
            workflow_rule: true,
            routers: [Router::Idle, Router::Idle],
            hub: Hub::default(),
            left: limits,
        }
    }

    pub(crate) fn of_sequence(&self) -> impl Iterator<Item = &Claim> {
        self.claims.iter().filter(|claim| claim.rule == SEQUENCE)
    }

    /// The sender's slots that are taken: a day is longer than all this.
    pub(crate) fn slots(&self) -> u8 {
        let taken = self.of_sequence().filter(|claim| claim.state != ClaimState::Released);
        u8::try_from(taken.count()).expect("few")
    }

    /// The id that HubSpot answers with.
    pub(crate) fn canonical(&self, contact: Contact) -> Contact {
        if self.hub.merged { 0 } else { contact }
    }
}
