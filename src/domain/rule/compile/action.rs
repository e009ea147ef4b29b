//! `enroll`, `unenroll`, `then_enroll` and `split`.

use super::Context;
use super::targets;
use crate::domain::claim::{Channel, Target};
use crate::domain::id::ThemeName;
use crate::domain::rule::code;
use crate::domain::rule::model::{Action, Arm, SenderChoice};
use crate::domain::rule::suggest;
use crate::domain::rule::syntax::{Node, Table};
use crate::domain::rule::{Enroll, Exit};

/// What a rule does.
pub(super) enum Compiled {
    /// The same for everybody.
    One(Action),
    /// By the arms of a split.
    Split(Vec<(Arm, Action)>),
}

impl Compiled {
    /// The themes it enrolls under.
    pub(super) fn themes(&self) -> impl Iterator<Item = &ThemeName> {
        let (one, arms) = match self {
            Self::One(action) => (Some(action), &[][..]),
            Self::Split(arms) => (None, arms.as_slice()),
        };
        let all = one.into_iter().chain(arms.iter().map(|(_, action)| action));
        all.filter_map(|action| match action {
            Action::Enroll { theme, .. } => Some(theme),
            _ => None,
        })
    }
}

impl<'a> Context<'a> {
    /// The one thing a rule does. `deal_trigger`: it starts from a deal.
    pub(super) fn action(&self, rule: &Table<'a>, deal_trigger: bool) -> Option<Compiled> {
        let actions: Vec<Node<'a>> =
            ["enroll", "split", "unenroll"].into_iter().filter_map(|key| rule.get(key)).collect();
        let action = match actions.as_slice() {
            [action] => *action,
            [] if let Some(node) = rule.get("then_enroll") => {
                node.error(code::ACTION, "then_enroll without unenroll.", "Use enroll.");
                return None;
            }
            [] => {
                let message = format!("{} does nothing.", rule.what);
                rule.error(code::ACTION, message, "Add enroll = { sequence = \"…\", sender = [\"contact-owner\"] }, split or unenroll.");
                return None;
            }
            many => {
                let keys: Vec<&str> = many.iter().map(|node| node.key).collect();
                let message = format!("{} does two things ({}).", rule.what, keys.join(", "));
                let last = many.iter().max_by_key(|node| node.span().start);
                let hint = "Write a rule for each. To leave one thing and then join another, use \
                            unenroll with then_enroll.";
                last.unwrap_or(&many[0]).error(code::ACTION, message, hint);
                return None;
            }
        };
        let then = rule.get("then_enroll").map(|node| {
            if action.key != "unenroll" {
                node.error(code::ACTION, "then_enroll without unenroll.", "Use enroll.");
            }
            let table = node.inline("then_enroll")?;
            table.check_keys(&["sequence", "workflow", "sender"]);
            self.destination(&table, deal_trigger)
        });
        match action.key {
            "enroll" => {
                let table = action.inline("enroll")?;
                table.check_keys(&["sequence", "workflow", "sender"]);
                let Enroll { target, theme, senders } = self.destination(&table, deal_trigger)?;
                Some(Compiled::One(Action::Enroll { target, theme, senders }))
            }
            "split" => Some(Compiled::Split(self.split(action, deal_trigger)?)),
            _ => {
                let exit = self.unenroll(action);
                // A destination that cannot be read was reported.
                let then = then.map_or(Some(None), |then| then.map(Some));
                Some(Compiled::One(Action::Unenroll { exit: exit?, then: then? }))
            }
        }
    }

    fn destination(&self, table: &Table<'a>, deal_trigger: bool) -> Option<Enroll> {
        let sender = table.get("sender");
        match (table.get("sequence"), table.get("workflow")) {
            (Some(node), None) => {
                let senders = sender.map(|sender| self.senders_of(sender, deal_trigger));
                if senders.is_none() {
                    let message = format!("{} names a sequence but no sender.", table.what);
                    let hint = "Sequences are sent by a person: add sender = [\"contact-owner\"].";
                    table.error(code::ACTION, message, hint);
                }
                let senders = senders.unwrap_or_default();
                let name = node.text()?;
                self.destination_named(["sequences", "workflows"], name, node)?;
                let sequence = self.sequences.get(name)?;
                let (id, theme) = (sequence.id.0, sequence.theme.clone());
                let target = Target { channel: Channel::Sequence, name: name.into(), id };
                Some(Enroll { target, theme, senders })
            }
            (None, Some(node)) => {
                if let Some(sender) = sender {
                    sender.error(code::ACTION, "a workflow has no sender.", "Remove it.");
                }
                let name = node.text()?;
                self.destination_named(["workflows", "sequences"], name, node)?;
                let workflow = self.workflows.get(name)?;
                let (id, theme) = (workflow.id.0, workflow.theme.clone());
                let target = Target { channel: Channel::Workflow, name: name.into(), id };
                Some(Enroll { target, theme, senders: Vec::new() })
            }
            _ => {
                let message = format!("{} needs one destination.", table.what);
                let hint = "Write one of sequence = \"…\" and workflow = \"…\".";
                table.error(code::ACTION, message, hint);
                None
            }
        }
    }

    fn senders_of(&self, node: Node<'a>, deal_trigger: bool) -> Vec<SenderChoice> {
        let choices = node.texts();
        if choices.is_empty() && node.items().is_some_and(|items| items.is_empty()) {
            node.error(code::ACTION, "sender is an empty list.", "Add \"contact-owner\".");
        }
        let choices =
            choices.into_iter().filter_map(|(word, at)| self.sender(word, at, deal_trigger));
        choices.collect()
    }

    fn sender(&self, word: &str, at: Node<'a>, deal_trigger: bool) -> Option<SenderChoice> {
        if let Some(name) = word.strip_prefix("user:") {
            self.sender_named(["senders", "teams"], word, at)?;
            return Some(SenderChoice::User(name.into()));
        }
        if let Some(name) = word.strip_prefix("team:") {
            self.sender_named(["teams", "senders"], word, at)?;
            return Some(SenderChoice::Team(name.into()));
        }
        match word {
            "contact-owner" => return Some(SenderChoice::ContactOwner),
            "deal-owner" if !deal_trigger => {
                let message =
                    "\"deal-owner\" needs a deal trigger; this rule starts from a contact.";
                at.error(
                    code::ACTION,
                    message,
                    "Use \"contact-owner\", \"user:NAME\" or \"team:NAME\".",
                );
                return None;
            }
            "company-owner" => return Some(SenderChoice::CompanyOwner),
            "deal-owner" => return Some(SenderChoice::DealOwner),
            _ => {}
        }
        let message = format!("\"{word}\" is neither an owner word nor user:/team:.");
        at.error(code::BAD_VALUE, message, self.sender_hint(word));
        None
    }

    fn sender_hint(&self, word: &str) -> String {
        let mut senders = self.senders.iter();
        if let Some((name, _)) = senders.find(|(_, sender)| sender.inbox.as_str() == word) {
            return format!("Did you mean \"user:{name}\"?");
        }
        let users = self.book.names("senders").map(|name| format!("user:{name}"));
        let teams = self.book.names("teams").map(|name| format!("team:{name}"));
        let exact = [format!("user:{word}"), format!("team:{word}")];
        let known: Vec<String> = users.chain(teams).collect();
        if let Some(meant) = known.iter().find(|known| exact.contains(known)) {
            return format!("Did you mean \"{meant}\"?");
        }
        let words = ["contact-owner", "company-owner", "deal-owner"];
        let all = known.iter().map(String::as_str).chain(words);
        match suggest::nearest(word, all) {
            Some(meant) => format!("Did you mean \"{meant}\"?"),
            None => "Use \"contact-owner\", \"user:NAME\" or \"team:NAME\".".to_owned(),
        }
    }

    fn unenroll(&self, node: Node<'a>) -> Option<Exit> {
        let table = node.inline("unenroll")?;
        table.check_keys(&["themes", "sequence", "workflow", "everything"]);
        let named: Vec<Node<'a>> = table.nodes().collect();
        if named.len() != 1 {
            let hint = "Write one of themes = [\"…\"], sequence, workflow or everything = true.";
            node.error(code::ACTION, "unenroll names one thing to leave.", hint);
        }
        let mut exit = None;
        for node in named {
            exit = match node.key {
                "themes" => Some(Exit::Themes(targets::named_themes(&self.book, node))),
                "sequence" => self.named("sequences", node),
                "workflow" => self.named("workflows", node),
                "everything" => {
                    node.only_true("Name the themes instead.");
                    Some(Exit::Everything)
                }
                _ => None,
            }
            .or(exit);
        }
        if table.get("workflow").is_none() {
            self.needs_bridge(node, "unenroll of a sequence");
        }
        exit
    }

    /// Reports what cannot be done without `[portal.unenroll_bridge]`.
    pub(super) fn needs_bridge(&self, node: Node<'a>, what: &str) {
        let portal = self.book.single("portal").filter(|_| !self.leaves_sequences);
        if portal.is_some_and(|portal| portal.get("unenroll_bridge").is_none()) {
            let message = format!("{what} needs [portal.unenroll_bridge].");
            let hint = "HubSpot has no API for it. See docs/unenroll.md. (Only [hubspot] profile = \
                        \"route-map\" has one: then name that hubroute.toml with --config.)";
            node.error(code::MISSING, message, hint);
        }
    }

    fn named(&self, kind: &str, node: Node<'a>) -> Option<Exit> {
        let name = node.text()?;
        self.reference(&[kind], name, node)?;
        Some(Exit::Target(name.into()))
    }

    /// The arms of a split; `None` after a report that one of them goes nowhere.
    fn split(&self, node: Node<'a>, deal_trigger: bool) -> Option<Vec<(Arm, Action)>> {
        let mut percent = 0;
        let mut arms: Vec<Option<(Arm, Action)>> = Vec::new();
        for item in node.items().unwrap_or_default() {
            let Some(table) = item.inline("an arm of split") else { continue };
            table.check_keys(&["name", "percent", "sequence", "workflow", "nothing", "sender"]);
            let name = table.require("name", "name = \"control\"").and_then(|name| name.text());
            let share =
                table.require("percent", "percent = 50").and_then(|node| node.whole_u32(1..=100));
            percent += share.unwrap_or_default();
            let action = match table.get("nothing") {
                Some(nothing) => {
                    nothing.only_true("Remove it, or name a sequence or workflow.");
                    Some(Action::Nothing)
                }
                None => self.destination(&table, deal_trigger).map(
                    |Enroll { target, theme, senders }| Action::Enroll { target, theme, senders },
                ),
            };
            let arm = name.zip(share).map(|(name, percent)| {
                let place = table.place();
                Arm { name: name.to_owned(), percent, place }
            });
            arms.push(arm.zip(action));
        }
        if percent != 100 {
            let message = format!("split adds up to {percent} percent.");
            node.error(code::ACTION, message, "It must be 100.");
        }
        arms.into_iter().collect()
    }
}
