//! "Never contact again": a person of the house said so, and it lasts until one takes it back.
//! Neither retention nor a merge ends it (RULES.md section 4, People).

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Who said that a contact is never to be contacted again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bar {
    /// When.
    pub at: Timestamp,
    /// Their name.
    pub who: String,
    /// Their words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a press changes about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Barring {
    /// From now on.
    Set(Bar),
    /// Not any more.
    Lifted,
}
