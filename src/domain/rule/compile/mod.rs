//! From files to a rule set: everything is read, every error is found, and only then is there
//! a [`RuleSet`]. Files are read together; their order never matters.

mod action;
mod book;
mod clocks;
mod conditions;
mod defaults;
mod lints;
mod lists;
mod marker;
mod names;
mod operands;
mod people;
mod portal;
mod property;
mod protection;
mod renamed;
mod rules;
mod suppress;
mod targets;
#[cfg(test)]
mod tests;
mod then_stage;
mod times;
mod timing;
mod when;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::DeTable;

#[cfg(test)]
pub(super) use self::conditions::OPERATORS;
pub use self::renamed::renamed;
pub use self::suppress::BUILT_IN_SUPPRESSIONS;
#[cfg(test)]
pub(super) use self::when::CHANGES;

use self::book::Book;
use self::defaults::Defaults;
use self::lists::Lists;
use self::property::Lock;
use self::times::{Calendars, Windows};
use super::code;
use super::index::Index;
use super::model::{RuleSet, SenderSpec, Sequence, Team, Theme, Workflow};
use super::suggest;
use super::syntax::{Node, Source};
use super::timing::{CONTACT_ZONE, WindowZone};
use crate::domain::civil::Zone;
use crate::domain::diagnostic::{Diagnostic, Severity};
use crate::domain::id::{Fingerprint, PropertyName, SenderName, TargetName, TeamName, ThemeName};
use crate::domain::rule::model::Mode;
use crate::domain::rule::trigger::{Change, Subject};

/// Limits of the files (RULES.md section 6).
const MAX_FILE_BYTES: usize = 1024 * 1024;
const MAX_SET_BYTES: usize = 8 * MAX_FILE_BYTES;
const MAX_RULES: usize = 10_000;

/// One file of the rules folder, read already: the domain does no I/O.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleFile {
    /// Its name relative to the rules folder, with `/` between folders.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl RuleFile {
    /// Whether it holds tests, which are no part of the rule set.
    pub fn is_test(&self) -> bool {
        self.name.ends_with(".test.toml")
    }

    fn is_rules(&self) -> bool {
        Path::new(&self.name).extension().is_some_and(|found| found == "toml") && !self.is_test()
    }
}

/// What compiling found.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// The rule set. There is one also when the only errors are keys of the Then stage, so
    /// that `hubroute test` can run; [`Compiled::accepted`] says whether it may be served.
    pub rules: Option<RuleSet>,
    /// Every error and lint, by file and place.
    pub diagnostics: Vec<Diagnostic>,
}

impl Compiled {
    /// Whether the set has no error. Lints do not count.
    pub fn accepted(&self) -> bool {
        self.diagnostics.iter().all(|found| found.severity != Severity::Error)
    }
}

/// Everything that reading a rule may look up.
#[derive(Debug)]
struct Context<'a> {
    book: Book<'a>,
    lock: Lock<'a>,
    lists: Lists<'a>,
    defaults: Defaults,
    windows: Windows<'a>,
    /// The portal's zone; without a portal no set is built.
    zone: Zone,
    themes: BTreeMap<ThemeName, Theme>,
    sequences: BTreeMap<TargetName, Sequence>,
    workflows: BTreeMap<TargetName, Workflow>,
    senders: BTreeMap<SenderName, SenderSpec>,
    teams: BTreeMap<TeamName, Team>,
    leaves_sequences: bool,
}

impl<'a> Context<'a> {
    /// Checks that `name` is one of the tables of `kinds`; reports it with the nearest name.
    fn reference(&self, kinds: &[&str], name: &str, at: Node<'a>) -> Option<()> {
        if kinds.iter().any(|kind| self.book.one(kind, name).is_some()) {
            return Some(());
        }
        unknown_name(&self.book, kinds, name, at);
        None
    }
}

/// Reports a name that stands for nothing.
fn unknown_name(book: &Book<'_>, kinds: &[&str], name: &str, at: Node<'_>) {
    let names: Vec<&str> = kinds.iter().flat_map(|kind| book.names(kind)).collect();
    let what: Vec<&str> = kinds.iter().map(|kind| book::singular(kind)).collect();
    let message = format!("{} \"{name}\" is not defined.", suggest::alternatives(&what));
    let hint = suggest::hint(name, names.iter().copied(), "Defined").unwrap_or_else(|| {
        format!("Add [{}.{name}] to portal.toml.", kinds.first().unwrap_or(&"values"))
    });
    at.error(code::UNKNOWN_NAME, message, hint);
}

/// Compiles all files of a rules folder: `*.toml` that are no tests, the lock file among them,
/// and the text files that `{ file = "…" }` names.
///
/// [`compile_on`] without a day: what is over is not reported.
pub fn compile(files: &[RuleFile]) -> Compiled {
    compile_on(files, None)
}

/// [`compile`] with today's date, for lints about rules and calendars that are over.
pub fn compile_on(files: &[RuleFile], today: Option<Date>) -> Compiled {
    compile_for(files, Setting { today, ..Setting::default() })
}

/// What a compiler is told that stands in no rules file.
#[derive(Clone, Copy, Debug, Default)]
pub struct Setting {
    /// The day it is; without one nothing is over.
    pub today: Option<Date>,
    /// HubSpot's profile has a call that takes a contact out of a sequence, so that no bridge is
    /// needed for it (HUBSPOT.md 3.8).
    pub leaves_sequences: bool,
}

/// [`compile`] for a certain day and profile.
pub fn compile_for(files: &[RuleFile], setting: Setting) -> Compiled {
    let whole = Source::new("portal.toml", "");
    let rule_files: Vec<&RuleFile> = files.iter().filter(|file| file.is_rules()).collect();
    let bytes: usize = files.iter().map(|file| file.text.len()).sum();
    let sources: Vec<Source<'_>> =
        rule_files.iter().map(|file| Source::new(&file.name, &file.text)).collect();
    if MAX_SET_BYTES < bytes {
        let message = format!("the rules folder holds {bytes} bytes, more than {MAX_SET_BYTES}.");
        whole.error(code::LIMIT, 0..0, message, "Split it by portal.");
        return Compiled { rules: None, diagnostics: whole.into_found() };
    }
    let roots: Vec<Option<Spanned<DeTable<'_>>>> = sources.iter().map(read).collect();
    let rules = {
        let mut book = Book::default();
        for (source, root) in sources.iter().zip(&roots) {
            if let Some(root) = root {
                book.add(source, root);
            }
        }
        build(book, files, &whole, setting)
    };
    let found = sources.into_iter().chain([whole]).flat_map(Source::into_found);
    let mut diagnostics: Vec<Diagnostic> = found.collect();
    // Stable: within a file the order of the text stays.
    diagnostics.sort_by(|a, b| a.file.cmp(&b.file));
    let refused =
        |found: &Diagnostic| found.severity == Severity::Error && found.code != code::THEN_STAGE;
    let rules = rules.filter(|_| !diagnostics.iter().any(refused));
    if rules.is_none() {
        // The rule that uses it may be the one that could not be read.
        diagnostics.retain(|found| found.code != code::LINT_UNUSED);
    }
    Compiled { rules, diagnostics }
}

fn read<'f>(source: &Source<'f>) -> Option<Spanned<DeTable<'f>>> {
    let bytes = source.text().len();
    if MAX_FILE_BYTES < bytes {
        let message = format!("{} holds {bytes} bytes, more than {MAX_FILE_BYTES}.", source.name);
        source.error(code::LIMIT, 0..0, message, "Split it into several files.");
        return None;
    }
    Some(source.parse())
}

/// The rule set, as far as it can be built. `None` only comes with an error.
fn build<'a>(
    book: Book<'a>,
    files: &[RuleFile],
    whole: &'a Source<'a>,
    setting: Setting,
) -> Option<RuleSet> {
    let rule_count = book.array("rule").len();
    if MAX_RULES < rule_count {
        let message = format!("there are {rule_count} rules, more than {MAX_RULES}.");
        whole.error(code::LIMIT, 0..0, message, "Split the folder by portal.");
        return None;
    }
    let zone = portal::zone(&book).unwrap_or(TimeZone::UTC);
    let calendars = Calendars::read(&book);
    let mut portal = portal::read(&book, &calendars, whole);
    let windows = times::windows(&book, &calendars);
    let subscriptions = targets::subscriptions(&book);
    let hubspot_lists = targets::hubspot_lists(&book);
    let themes = targets::themes(&book);
    let lock = Lock::read(&book);
    let ctx = Context {
        lists: Lists::read(&book, files),
        defaults: Defaults::read(&book, &windows),
        zone: portal.as_ref().map_or_else(|| zone.into(), |portal| portal.zone.clone()),
        windows,
        sequences: targets::sequences(&book),
        workflows: targets::workflows(&book, &lock),
        senders: people::senders(&book),
        teams: people::teams(&book),
        themes,
        leaves_sequences: setting.leaves_sequences,
        lock,
        book,
    };
    if let Some(portal) = &mut portal {
        portal.breakers = protection::of_portal(&ctx.book, ctx.defaults.breaker);
    }
    let caps = protection::caps(&ctx.book);
    let rules = rules::read_all(&ctx);
    let quiet_periods = timing::quiet_periods(&ctx.book);
    let suppressions = suppress::read_all(&ctx);
    let unknown_sequences = targets::unknown_sequences(&ctx);
    lints::check(&ctx, &rules, setting.today);
    Some(finish(RuleSet {
        fingerprint: fingerprint(files),
        portal: portal?,
        stale_after_ms: ctx.defaults.stale_after_ms,
        keep_history: ctx.defaults.keep_history,
        themes: ctx.themes,
        unknown_sequences,
        sequences: ctx.sequences,
        workflows: ctx.workflows,
        subscriptions,
        hubspot_lists,
        senders: ctx.senders,
        teams: ctx.teams,
        quiet_periods,
        rules,
        suppressions,
        caps,
        read_properties: BTreeSet::new(),
        owner_emails: BTreeSet::new(),
        history_properties: BTreeSet::new(),
        by_property: BTreeMap::new(),
        waited_for: BTreeMap::new(),
        born: BTreeMap::new(),
        watched: BTreeMap::new(),
        index: Index::default(),
    }))
}

/// What the built-in gates look at, whatever the rules say.
const GATE_PROPERTIES: [&str; 12] = [
    "email",
    "hubspot_owner_id",
    "hs_email_optout",
    "hs_email_hard_bounce_reason_enum",
    "hs_sequences_is_enrolled",
    "hs_sequences_actively_enrolled_count",
    "hs_latest_sequence_enrolled",
    "hs_latest_sequence_enrolled_date",
    "hs_latest_sequence_ended_date",
    "hs_latest_sequence_finished_date",
    "hs_latest_sequence_unenrolled_date",
    "hs_merged_object_ids",
];

/// Orders the rules and indexes their properties.
fn finish(mut set: RuleSet) -> RuleSet {
    set.rules.sort_by(|a, b| (a.priority, &a.id).cmp(&(b.priority, &b.id)));
    set.index = Index::of(&set.rules);
    let mut read: BTreeSet<PropertyName> = GATE_PROPERTIES.into_iter().map(Into::into).collect();
    for (index, rule) in set.rules.iter().enumerate() {
        if rule.mode == Mode::Off {
            continue;
        }
        if let Subject::Property(name) = &rule.when.subject {
            set.history_properties.insert(name.clone());
        }
        if let Some(watched) = rule.when.subject.watched() {
            set.by_property.entry(watched).or_default().push(index);
        }
        if let Change::BecomesOwner(people) = &rule.when.change {
            set.owner_emails.extend(people.emails.iter().cloned());
        }
        rule.conditions().for_each(|condition| condition.collect_properties(&mut read));
        if let Some(wait_for) = &rule.timing.wait_for {
            read.insert(wait_for.property.clone());
            set.waited_for.entry(wait_for.property.clone()).or_insert_with(|| rule.id.clone());
        }
        let window = rule.timing.window.as_ref();
        if window.is_some_and(|window| window.zone == WindowZone::Contact) {
            read.insert(CONTACT_ZONE.into());
        }
    }
    for (index, suppression) in set.suppressions.iter().enumerate() {
        let mut looked_at = BTreeSet::new();
        let conditions = suppression.conditions.iter().filter(|_| suppression.also_unenroll);
        conditions.for_each(|condition| condition.collect_properties(&mut looked_at));
        for property in looked_at {
            set.watched.entry(property).or_default().push(index);
        }
    }
    let conditions = set.suppressions.iter().flat_map(|suppression| &suppression.conditions);
    conditions.for_each(|condition| condition.collect_properties(&mut read));
    read.extend(set.sequences.values().flat_map(|sequence| sequence.requires.iter().cloned()));
    read.extend(set.workflows.values().flat_map(|workflow| workflow.requires.iter().cloned()));
    read.extend(set.history_properties.iter().cloned());
    set.read_properties = read;
    set
}

/// Sixteen hexadecimal digits over every file but the tests, in the order of their names.
fn fingerprint(files: &[RuleFile]) -> Fingerprint {
    let mut files: Vec<&RuleFile> = files.iter().filter(|file| !file.is_test()).collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hash = Sha256::new();
    for part in files.iter().flat_map(|file| [&file.name, &file.text]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut number = [0; 8];
    number.copy_from_slice(&digest[..8]);
    format!("{:016x}", u64::from_be_bytes(number)).into()
}
