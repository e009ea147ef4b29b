//! `hubroute contact take-out | never-contact-again | allow-again` and `hubroute forget`.

use std::path::Path;

use serde_json::{Value, json};

use super::args::{About, Contact};
use super::{ExitStatus, contact, fail, progress, remote, store_folder};

/// A press about a contact.
pub(super) fn run(config: &Path, command: &Contact) -> ExitStatus {
    match command {
        Contact::TakeOut { about, themes, everything } => {
            let out_of = if *everything {
                json!({ "everything": true })
            } else {
                json!({ "themes": themes })
            };
            press(config, "take-out", about, Some(out_of))
        }
        Contact::NeverContactAgain(about) => press(config, "never-contact-again", about, None),
        Contact::AllowAgain(about) => press(config, "allow-again", about, None),
    }
}

/// Presses `word`, with `more` in the body.
pub(super) fn press(config: &Path, word: &str, about: &About, more: Option<Value>) -> ExitStatus {
    let id = match store_folder(config) {
        Ok(store) => {
            let bar = progress::bar();
            let found = contact::find(&about.contact, &store, &bar);
            bar.finish_and_clear();
            found
        }
        Err(status) => return status,
    };
    let id = match id {
        Ok(id) => id,
        Err(error @ contact::Unknown::Store(_)) => return fail(&error, ExitStatus::Environment),
        Err(error @ contact::Unknown::Address) => return fail(&error, ExitStatus::Failure),
        Err(error @ contact::Unknown::Form(_)) => return fail(&error, ExitStatus::Usage),
    };
    let mut body = json!({ "who": about.who, "note": about.note });
    if let (Some(body), Some(Value::Object(more))) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    remote::press(config, &format!("/api/v1/contacts/{id}/{word}"), &body)
}
