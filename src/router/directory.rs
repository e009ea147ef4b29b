//! Owners, remembered for a while: a decision must not wait for them between read and call.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::contact::Owner;
use crate::domain::id::OwnerId;
use crate::domain::time::{MINUTE_MS, Timestamp};

/// How long an owner is taken for true.
const FRESH_MS: u64 = 10 * MINUTE_MS;

/// What an owner was looked up by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Asked {
    Id(OwnerId),
    Email(String),
}

/// What is remembered.
pub(super) enum Known {
    /// This owner.
    Found(Owner),
    /// There is none.
    Nobody,
    /// Nothing, or nothing fresh.
    Unknown,
}

fn is_fresh(at: Timestamp, now: Timestamp) -> bool {
    now.since_ms(at) < FRESH_MS
}

/// See the module. `None` remembers that there is none.
#[derive(Debug, Default)]
pub(super) struct Directory(Mutex<BTreeMap<Asked, (Timestamp, Option<Owner>)>>);

impl Directory {
    /// What was found, while it is fresh.
    pub(super) fn known(&self, asked: &Asked, now: Timestamp) -> Known {
        let entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match entries.get(asked) {
            Some((at, Some(owner))) if is_fresh(*at, now) => Known::Found(owner.clone()),
            Some((at, None)) if is_fresh(*at, now) => Known::Nobody,
            _ => Known::Unknown,
        }
    }

    pub(super) fn learn(&self, asked: Asked, owner: Option<Owner>, now: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, (now, owner));
    }

    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
