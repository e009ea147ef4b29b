//! Decisions and their reasons: the vocabulary of records, metrics, tests and people.
//! Codes are never renamed, only added (RULES.md section 3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Enrolled, or would be in dry-run.
    Enroll,
    /// Taken out.
    Unenroll,
    /// Comes back by itself.
    Wait,
    /// Needs a person.
    Hold,
    /// A final no.
    Skip,
    /// Not for us.
    Ignore,
    /// HubSpot refused.
    Fail,
}

impl Decision {
    /// Every decision, in the order pages and metrics show them.
    pub const ALL: [Self; 7] = [
        Self::Enroll,
        Self::Unenroll,
        Self::Wait,
        Self::Hold,
        Self::Skip,
        Self::Ignore,
        Self::Fail,
    ];

    /// The word as records spell it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Enroll => "enroll",
            Self::Unenroll => "unenroll",
            Self::Wait => "wait",
            Self::Hold => "hold",
            Self::Skip => "skip",
            Self::Ignore => "ignore",
            Self::Fail => "fail",
        }
    }

    /// Whether a later row with the same id may still follow.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Wait | Self::Hold)
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal [$($decision:ident),+]),+ $(,)?) => {
        /// Why. The first decision listed for a reason is its usual one.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        pub enum Reason {
            $($(#[$doc])* #[serde(rename = $code)] $variant,)+
        }

        impl Reason {
            /// Every reason there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The decisions this reason can stand beside.
            pub const fn decisions(self) -> &'static [Decision] {
                match self { $(Self::$variant => &[$(Decision::$decision),+],)+ }
            }
        }
    };
}

reasons! {
    /// The rule matched and the person was enrolled or taken out.
    Matched = "matched" [Enroll, Unenroll],
    /// A person released it.
    Released = "released" [Enroll, Wait],
    /// Dry run: it would have been enrolled.
    WouldEnroll = "would-enroll" [Enroll],
    /// Dry run: it would have been taken out.
    WouldUnenroll = "would-unenroll" [Unenroll],
    /// Taken out by a suppression that came to hold.
    SuppressedLater = "suppressed-later" [Unenroll],
    /// Waiting for the unenroll bridge to confirm.
    BridgePending = "bridge-pending" [Unenroll],
    /// HubSpot's other automations finish first.
    Settling = "settling" [Wait],
    /// `wait_for` is not known yet.
    WaitingForProperty = "waiting-for-property" [Wait],
    /// `delay` runs.
    Delayed = "delayed" [Wait],
    /// The window is closed.
    OutsideWindow = "outside-window" [Wait],
    /// A quiet period runs.
    QuietPeriod = "quiet-period" [Wait],
    /// Every usable sender is full.
    BudgetExhausted = "budget-exhausted" [Wait],
    /// `limits` of the rule are reached.
    RuleLimit = "rule-limit" [Wait, Skip],
    /// `on_conflict = "wait"`.
    ThemeBusy = "theme-busy" [Wait],
    /// HubSpot said 429, 423 or 477.
    HubspotBusy = "hubspot-busy" [Wait],
    /// HubSpot did not answer a read, or nothing was sent.
    HubspotUnreachable = "hubspot-unreachable" [Wait],
    /// A person approves first.
    NeedsApproval = "needs-approval" [Hold],
    /// Mass change.
    BreakerOpen = "breaker-open" [Hold],
    /// HubSpot refused the sender several times.
    SenderPaused = "sender-paused" [Hold],
    /// Nobody can send.
    NoSender = "no-sender" [Hold],
    /// A call got no answer; it is read back.
    OutcomeUnknown = "outcome-unknown" [Wait],
    /// Nobody can tell; a person decides.
    InDoubt = "in-doubt" [Hold],
    /// HubSpot did not accept the request or our access.
    HubspotRefusedRequest = "hubspot-refused-request" [Fail, Hold],
    /// Failed too often in ways we do not understand.
    DeadLetter = "dead-letter" [Hold],
    /// Already in a sequence or workflow of the theme.
    AlreadyInTheme = "already-in-theme" [Skip],
    /// In a theme that silences this one.
    BlockedByTheme = "blocked-by-theme" [Skip],
    /// The theme rests.
    CoolingDown = "cooling-down" [Skip],
    /// `re_enroll` says no.
    AlreadyEnrolledOnce = "already-enrolled-once" [Skip],
    /// `[cap]`.
    OverCap = "over-cap" [Skip],
    /// `limits.per_company`.
    CompanyLimit = "company-limit" [Skip],
    /// Another rule of the theme came first.
    Outranked = "outranked" [Skip],
    /// A suppression holds.
    Suppressed = "suppressed" [Skip],
    /// No consent.
    NoConsent = "no-consent" [Skip],
    /// A required property is blank.
    MissingData = "missing-data" [Skip],
    /// The control arm of a split.
    ControlGroup = "control-group" [Skip],
    /// It matched once and does not any more.
    NoLongerMatches = "no-longer-matches" [Skip],
    /// Waited too long.
    Expired = "expired" [Skip],
    /// Nothing to take out.
    NotEnrolled = "not-enrolled" [Skip],
    /// Ended before it was sent.
    Withdrawn = "withdrawn" [Skip],
    /// The rule is gone or off.
    RuleRemoved = "rule-removed" [Skip],
    /// Declined, or the approval lapsed.
    NotApproved = "not-approved" [Skip],
    /// A person discarded it.
    Discarded = "discarded" [Skip],
    /// No rule matched.
    NoMatch = "no-match" [Ignore],
    /// Delivered before.
    DuplicateEvent = "duplicate-event" [Ignore],
    /// Older than what was already seen, or than `stale_after`.
    StaleEvent = "stale-event" [Ignore],
    /// Written by this router.
    OwnChange = "own-change" [Ignore],
    /// Written by a merge.
    MergedRecord = "merged-record" [Ignore],
    /// The contact is gone.
    Deleted = "deleted" [Ignore],
    /// Another account.
    WrongPortal = "wrong-portal" [Ignore],
    /// An item that cannot be read.
    Unreadable = "unreadable" [Ignore],
    /// A later change within settle took its place.
    MergedIntoLater = "merged-into-later" [Ignore],
    /// No rule uses the property.
    NotWatched = "not-watched" [Ignore],
    /// HubSpot will not write to this address.
    HubspotRefusedContact = "hubspot-refused-contact" [Fail],
    /// HubSpot refused the sender.
    HubspotRefusedSender = "hubspot-refused-sender" [Fail],
    /// Accepted, but it never showed.
    NotConfirmed = "not-confirmed" [Fail],
    /// The unenroll bridge did not act.
    BridgeBroken = "bridge-broken" [Fail],
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn codes_are_unique_and_every_reason_has_a_decision() {
        let codes: BTreeSet<_> = Reason::ALL.iter().map(|reason| reason.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.iter().all(|reason| !reason.decisions().is_empty()));
    }
}
