//! One line of the doctor's answer.

use serde::Serialize;

use crate::domain::rule::Place;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// As it must be.
    Good,
    /// HubSpot does not tell: look yourself.
    Unknown,
    /// It works, and somebody should look.
    Warn,
    /// The rules or the address book are wrong for this account.
    Wrong,
    /// HubSpot refuses or does not answer.
    Refused,
}

/// What a finding is about, in the order they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// The account, the clock, the day's calls.
    Account,
    /// What the token may do.
    Scopes,
    /// The rules folder.
    Rules,
    /// Who sends.
    Senders,
    /// Sequences.
    Sequences,
    /// Workflows.
    Workflows,
    /// Lists and subscription types.
    Lists,
    /// Properties.
    Properties,
    /// Webhook subscriptions.
    Webhooks,
    /// The unenroll bridge.
    Bridge,
}

impl Topic {
    /// Its heading.
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Scopes => "scopes",
            Self::Rules => "rules",
            Self::Senders => "senders",
            Self::Sequences => "sequences",
            Self::Workflows => "workflows",
            Self::Lists => "lists and subscriptions",
            Self::Properties => "properties",
            Self::Webhooks => "webhooks",
            Self::Bridge => "unenroll bridge",
        }
    }
}

/// Where in the rules folder something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum At {
    /// A line.
    Place(Place),
    /// The table with this header, wherever it is.
    Table(&'static str),
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub topic: Topic,
    /// How it stands.
    pub sign: Sign,
    /// What was found, as a sentence without its full stop.
    pub what: String,
    /// What to do about it.
    pub todo: Option<String>,
    /// The code of its diagnostic and where that stands, where the rules folder is to be changed.
    pub code: Option<(&'static str, At)>,
}

impl Finding {
    pub(super) fn good(topic: Topic, what: impl Into<String>) -> Self {
        Self { topic, sign: Sign::Good, what: what.into(), todo: None, code: None }
    }

    pub(super) fn with(
        topic: Topic,
        sign: Sign,
        what: impl Into<String>,
        todo: impl Into<String>,
    ) -> Self {
        Self { sign, todo: Some(todo.into()), ..Self::good(topic, what) }
    }

    pub(super) fn coded(self, code: &'static str, at: At) -> Self {
        Self { code: Some((code, at)), ..self }
    }
}
