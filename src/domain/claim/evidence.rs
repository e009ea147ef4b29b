//! What a claim's end rests on: how often HubSpot was asked, what it showed, and who else said
//! something (RELIABILITY.md section 4, rule 7). Times, ids and words of ours: nothing of HubSpot's
//! own text, so nothing of the contact.

use serde::{Deserialize, Serialize};

use crate::domain::outcome::{Observation, Silence};
use crate::domain::time::Timestamp;

/// What is known of a call whose answer did not settle it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Looks that HubSpot answered.
    pub looks: u32,
    /// Looks that brought no answer, because HubSpot could not be asked or gave none: they show
    /// nothing.
    #[serde(default)]
    pub unanswered: u32,
    /// The first answered look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
    /// The last answered look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Timestamp>,
    /// What the last answered look showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub showed: Option<Showed>,
    /// HubSpot's id of the call in doubt (`X-HubSpot-Correlation-Id`), where an answer had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// The person who said how it ended; `None`: the router judged by what was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// What one answered look showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Showed {
    /// The enrollment.
    Enrolled {
        /// When HubSpot says it began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// A stamp of the workflow's marker.
    Stamped {
        /// When it was written.
        at: Timestamp,
    },
    /// Another sequence.
    Another {
        /// When that one began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Nothing of it.
    Nothing,
    /// No stamp of the workflow's marker.
    Unstamped {
        /// What that says.
        silence: Silence,
    },
    /// Nothing that can be trusted: there is no such read, or its answer says nothing.
    Unreadable,
}

impl Showed {
    /// The word the API uses for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Enrolled { .. } => "enrolled",
            Self::Stamped { .. } => "stamped",
            Self::Another { .. } => "another",
            Self::Nothing => "nothing",
            Self::Unstamped { .. } => "unstamped",
            Self::Unreadable => "unreadable",
        }
    }

    /// `None`: HubSpot was not asked, or did not answer.
    fn of(observation: &Observation) -> Option<Self> {
        Some(match observation {
            Observation::Enrolled { enrolled_at, .. } => Self::Enrolled { at: *enrolled_at },
            Observation::Stamped { at } => Self::Stamped { at: *at },
            Observation::Elsewhere { enrolled_at } => Self::Another { at: *enrolled_at },
            Observation::Absent => Self::Nothing,
            Observation::Unstamped { silence, .. } => Self::Unstamped { silence: *silence },
            Observation::Unobservable { .. } => Self::Unreadable,
            Observation::NotNow { .. } => return None,
        })
    }
}

impl Evidence {
    /// Takes one look into account.
    pub fn look(&mut self, observation: &Observation, now: Timestamp) {
        let Some(showed) = Showed::of(observation) else {
            self.unanswered += 1;
            return;
        };
        self.looks += 1;
        self.first.get_or_insert(now);
        self.last = Some(now);
        self.showed = Some(showed);
    }
}
