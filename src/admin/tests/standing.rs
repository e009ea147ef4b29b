//! How the office in memory stands.

use std::collections::BTreeMap;

use super::office::NOW;
use crate::admin::office::{Alert, DiskUse, RulesStanding, Standing};
use crate::domain::contact::Contact;
use crate::domain::id::ContactId;
use crate::domain::time::HOUR_MS;

/// A router that works.
pub(super) fn standing() -> Standing {
    Standing {
        ready: Ok(()),
        alerts: Vec::new(),
        paused: false,
        rules: RulesStanding { loaded_at: NOW, refused: None },
        deliveries: 12,
        store: "embedded",
        disk: DiskUse::default(),
        oldest_undecided: Some(NOW.minus_ms(HOUR_MS)),
        oldest_unsettled: None,
        looking_back: None,
    }
}

/// What a person should look at, with what could hurt a page.
pub(super) fn alert() -> Alert {
    let sentence = "The rules on disk are refused: <b>3</b> errors.".to_owned();
    Alert { code: "rules-refused", since: NOW, sentence }
}

/// A contact that the rule matches.
pub(super) fn viewed(id: ContactId) -> Contact {
    let properties = [("email", "ann@bigco.example"), ("lifecyclestage", "lead")];
    let properties = properties.map(|(name, value)| (name.into(), value.to_owned()));
    Contact { id, properties: properties.into(), history: BTreeMap::new(), merged: Vec::new() }
}
