//! Replaying a file of JSON lines: the clock is `occurredAt`, the contact is built from the
//! earlier lines.

use super::line::{Line, read};
use super::{Stage, Told};
use crate::domain::event::{Event, Kind};
use crate::domain::id::{ContactId, PropertyName};
use crate::domain::rule::RuleSet;

/// See the module.
#[derive(Debug)]
pub struct FileReplay<'a> {
    pub(super) stage: Stage<'a>,
    /// Whether any line was an event or a description.
    has_read: bool,
    /// The first line that was neither, and why.
    trouble: Option<(u64, String)>,
}

impl<'a> FileReplay<'a> {
    /// Before the first line. An owner without a line of their own is in nobody's `[senders]`.
    pub fn new(rules: &'a RuleSet) -> Self {
        let mut stage = Stage::new(rules);
        stage.strangers = true;
        Self { stage, has_read: false, trouble: None }
    }

    /// Takes one line; `number` counts from 1.
    pub fn line(&mut self, number: u64, text: &str) {
        self.stage.seq = number;
        match read(text) {
            Line::Blank => {}
            Line::Owner(owner) => {
                self.has_read = true;
                self.stage.know_owner(owner);
            }
            Line::Contact(id, properties) => {
                self.has_read = true;
                self.describe(id, properties.into_iter());
            }
            Line::Events(items) => {
                for (item, place) in items.iter().zip(0_u32..) {
                    let id = format!("{number}.{place}");
                    match item {
                        Ok(event) => {
                            self.has_read = true;
                            self.event(event, &id);
                        }
                        Err(why) => {
                            self.trouble.get_or_insert_with(|| (number, why.clone()));
                            self.stage.take_unreadable(&id, why);
                        }
                    }
                }
            }
        }
    }

    /// What was found out since it was asked last.
    pub fn told(&mut self) -> Vec<Told> {
        self.stage.told()
    }

    /// No further line: what settles is decided, what waits is told as it stands.
    pub fn finish(&mut self) {
        self.stage.finish();
    }

    /// Why not one line could be read; `None` where one could.
    pub fn nothing_read(&self) -> Option<String> {
        let why = || match &self.trouble {
            Some((line, why)) => format!("line {line}: {why}"),
            None => "it holds no line".to_owned(),
        };
        (!self.has_read).then(why)
    }

    fn describe(
        &mut self,
        id: ContactId,
        properties: impl Iterator<Item = (PropertyName, String)>,
    ) {
        let id = self.stage.canonical(id);
        let (rules, at) = (self.stage.rules(), self.stage.now);
        let known = self.stage.known(id);
        known.described = true;
        known.contact.get_or_insert_with(|| super::known::blank(id));
        for (name, value) in properties {
            let keep_past = rules.history_properties.contains(&name);
            known.set(id, (&name, &value), (at, None), keep_past);
        }
    }

    fn event(&mut self, event: &Event, id: &str) {
        let received = event.occurred_at;
        if event.portal != self.stage.rules().portal.id || matches!(event.kind, Kind::Other) {
            self.stage.take_foreign(event, received, id);
            return;
        }
        self.stage.advance(received, |_, _| false);
        let oldest = self.stage.oldest_identity();
        let contact = self.stage.canonical(event.contact);
        let duplicate = self.stage.known(contact).came_before(event, oldest);
        self.stage.take(event, received, id, duplicate);
    }
}
