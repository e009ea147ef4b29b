//! Identifiers: HubSpot's numbers and the rule author's names, each its own type.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A number HubSpot gave to something.
macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// A name somebody chose. Cloning is cheap.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// One HubSpot account (`portalId`).
    PortalId
);
number!(
    /// A HubSpot contact. Ids exceed 2^31 (HUBSPOT.md 1.6).
    ContactId
);
number!(
    /// The CRM owner (`hubspot_owner_id`); not the user id (HUBSPOT.md 5).
    OwnerId
);
number!(
    /// The HubSpot user in whose name a sequence is sent.
    UserId
);
number!(
    /// A sequence.
    SequenceId
);
number!(
    /// A workflow as its URL shows it; the v2 calls want another number (HUBSPOT.md 4.2).
    FlowId
);

name!(
    /// `[[rule]] id`.
    RuleId
);
name!(
    /// `[themes.X]`.
    ThemeName
);
name!(
    /// `[sequences.X]` or `[workflows.X]`.
    TargetName
);
name!(
    /// `[senders.X]`.
    SenderName
);
name!(
    /// `[teams.X]`.
    TeamName
);
name!(
    /// The internal name of a HubSpot property.
    PropertyName
);
name!(
    /// The content hash of a rule set: 16 hexadecimal digits.
    Fingerprint
);
name!(
    /// The stable id of a decision record: an event, or a pair of an event and a rule.
    RowId
);
name!(
    /// A sender's email address in lower case: what HubSpot counts the daily limit by.
    Inbox
);
name!(
    /// The id of a claim; stable over its attempts.
    ClaimId
);
name!(
    /// An unenrollment under way; also what the bridge's property is stamped with.
    LeavingId
);
