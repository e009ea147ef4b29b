//! What an item is for.

use serde::{Deserialize, Serialize};

/// What an item is for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// What its rule says.
    #[default]
    Rule,
    /// `then_enroll` of its rule: what was to be left is left.
    Then,
    /// `on_conflict = "replace"` of its rule: it takes the person out of what holds the theme.
    Replace,
    /// `[[suppress]] also_unenroll`; its `rule` is the suppression's id.
    Suppress,
    /// A person pressed "take out" or "never contact again"; its `rule` is the press.
    Press,
}

impl Purpose {
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::Rule
    }
}
