//! Whether the store was seeded, and what a person may say about it.

use std::sync::PoisonError;

use super::Office;
use crate::admin::{self, PressError};
use crate::app::away;
use crate::domain::record::Press;

/// Said by the log, the status and `doctor` until somebody acts.
pub(in crate::app) const NOT_SEEDED: &str = "Nothing is known of who was enrolled before this \
     router: a live rule may begin second conversations. Run `hubroute seed`, or `hubroute seed \
     --skip` where nobody was.";

impl Office {
    /// Whether a rule enrolls, and nobody looked for what was enrolled before.
    pub(in crate::app) fn needs_seed(&self) -> bool {
        self.store.ledger.recall().must_be_told(&self.rules.load())
    }

    /// The alert that says so.
    pub(super) fn not_seeded(&self) -> Option<admin::Alert> {
        let standing = self.rules_standing.lock().unwrap_or_else(PoisonError::into_inner);
        let since = standing.loaded_at;
        let sentence = NOT_SEEDED.to_owned();
        self.needs_seed().then_some(admin::Alert { code: "not-seeded", since, sentence })
    }

    /// Begins the search, or takes the memory for right as it is.
    pub(super) async fn seed_or_skip(&self, search: bool, press: Press) -> Result<(), PressError> {
        if !search {
            self.seeder.done(press.clone()).await?;
            return Ok(away::waive(self, press).await?);
        }
        if !self.reads {
            return Err(PressError::Conflict("HUBROUTE_ACCESS_TOKEN is not set".to_owned()));
        }
        self.seeder.begin(press)
    }
}
