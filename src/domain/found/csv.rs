//! A table of enrollments as people export it: comma-separated values with a head line (RFC 4180;
//! semicolons are read too). HubSpot tells by its API who is in a workflow now, not who was, so a
//! person exports that.

use std::fmt;

use jiff::civil::{Date, DateTime};

use super::{Found, Where};
use crate::domain::civil::{self, Zone};
use crate::domain::id::ContactId;
use crate::domain::rule::RuleSet;
use crate::domain::rule::suggest::nearest;
use crate::domain::time::Timestamp;

/// The columns, and what HubSpot's exports call them.
const CONTACT: [&str; 4] = ["contact", "contact id", "contact_id", "record id"];
const WORKFLOW: [&str; 2] = ["workflow", "workflow id"];
const SEQUENCE: [&str; 2] = ["sequence", "sequence id"];
const ENROLLED: [&str; 3] = ["enrolled_at", "enrolled at", "enrollment date"];
const ENDED: [&str; 3] = ["ended_at", "ended at", "unenrollment date"];

/// One line of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its place in the file, from 1.
    pub line: usize,
    /// The enrollment it tells of.
    pub found: Found,
}

/// What is wrong with the table, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there, and what to write.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// Reads a table, by the names and numbers of the address book and the clock of the portal. All
/// mistakes are told at once; nothing of a table with one is used.
pub fn read(text: &str, rules: &RuleSet, now: Timestamp) -> Result<Vec<Line>, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let between = if first.contains(';') && !first.contains(',') { ';' } else { ',' };
    let mut records = records(text, between).into_iter();
    let (_, head) = records.next().unwrap_or_default();
    let columns = Columns::of(&head).map_err(|what| vec![Mistake { line: 1, what }])?;
    let (mut lines, mut mistakes) = (Vec::new(), Vec::new());
    for (line, cells) in records.filter(|(_, cells)| cells.iter().any(|it| !it.is_empty())) {
        match columns.found(&cells, rules, now) {
            Ok(found) => lines.push(Line { line, found }),
            Err(what) => mistakes.push(Mistake { line, what }),
        }
    }
    if mistakes.is_empty() { Ok(lines) } else { Err(mistakes) }
}

/// Where what stands.
struct Columns {
    contact: usize,
    workflow: Option<usize>,
    sequence: Option<usize>,
    enrolled: usize,
    ended: Option<usize>,
}

impl Columns {
    fn of(head: &[String]) -> Result<Self, String> {
        let at =
            |names: &[&str]| head.iter().position(|it| names.contains(&it.to_lowercase().as_str()));
        let missing = |name: &str| {
            format!(
                "there is no column \"{name}\". The first line names the columns: contact, \
                 workflow (or sequence), enrolled_at and, where it is known, ended_at"
            )
        };
        let columns = Self {
            contact: at(&CONTACT).ok_or_else(|| missing("contact"))?,
            workflow: at(&WORKFLOW),
            sequence: at(&SEQUENCE),
            enrolled: at(&ENROLLED).ok_or_else(|| missing("enrolled_at"))?,
            ended: at(&ENDED),
        };
        if columns.workflow.is_none() && columns.sequence.is_none() {
            return Err(missing("workflow"));
        }
        Ok(columns)
    }

    fn found(&self, cells: &[String], rules: &RuleSet, now: Timestamp) -> Result<Found, String> {
        let cell = |at: Option<usize>| {
            at.and_then(|at| cells.get(at)).map(String::as_str).filter(|it| !it.is_empty())
        };
        let contact = cell(Some(self.contact)).and_then(|it| it.parse().ok()).map(ContactId);
        let contact = contact.ok_or("the contact is no contact id: export the column Record ID")?;
        let into = match (cell(self.workflow), cell(self.sequence)) {
            (Some(name), None) => workflow(rules, name)?,
            (None, Some(name)) => sequence(rules, name)?,
            (None, None) => return Err("it names no workflow and no sequence".to_owned()),
            (Some(_), Some(_)) => return Err("it names a workflow and a sequence".to_owned()),
        };
        let zone = &rules.portal.zone;
        let enrolled = cell(Some(self.enrolled)).ok_or("enrolled_at is blank")?;
        let enrolled_at = instant("enrolled_at", enrolled, zone)?;
        let ended_at = cell(self.ended).map(|it| instant("ended_at", it, zone)).transpose()?;
        if now < enrolled_at {
            return Err("enrolled_at is in the future".to_owned());
        }
        if ended_at.is_some_and(|ended| ended < enrolled_at) {
            return Err("ended_at is before enrolled_at".to_owned());
        }
        let (enrollment, sender) = (None, None);
        Ok(Found { contact, into, enrolled_at, ended_at, enrollment, sender })
    }
}

fn workflow(rules: &RuleSet, name: &str) -> Result<Where, String> {
    let mut known = rules.workflows.iter();
    let found = known.find(|(key, it)| key.as_str() == name || it.id.to_string() == name);
    let names = || rules.workflows.keys().map(|it| it.as_str().to_owned()).collect::<Vec<_>>();
    let found = found.ok_or_else(|| unknown("workflows", name, &names()))?;
    Ok(Where::Workflow(found.1.id))
}

fn sequence(rules: &RuleSet, name: &str) -> Result<Where, String> {
    let mut known = rules.sequences.iter();
    let found = known.find(|(key, it)| key.as_str() == name || it.id.to_string() == name);
    let names = || rules.sequences.keys().map(|it| it.as_str().to_owned()).collect::<Vec<_>>();
    let found = found.ok_or_else(|| unknown("sequences", name, &names()))?;
    Ok(Where::Sequence(found.1.id))
}

fn unknown(table: &str, name: &str, names: &[String]) -> String {
    let meant = nearest(name, names.iter().map(String::as_str));
    let meant = meant.map_or_else(String::new, |it| format!(" Did you mean \"{it}\"?"));
    format!("\"{name}\" is not in [{table}], by name or by id.{meant}")
}

/// A time as HubSpot exports it: with a zone, or by the portal's clock; a day alone is its noon,
/// so that it is that day for everybody.
fn instant(column: &str, text: &str, zone: &Zone) -> Result<Timestamp, String> {
    if let Some(at) = Timestamp::parse_rfc3339(text) {
        return Ok(at);
    }
    let local = if text.contains(':') {
        text.parse::<DateTime>().ok()
    } else {
        text.parse::<Date>().ok().map(|day| day.at(12, 0, 0, 0))
    };
    local.map(|local| civil::instant(local, zone)).ok_or_else(|| {
        format!(
            "{column} \"{text}\" is no time: write 2026-11-24, 2026-11-24 08:30 or \
             2026-11-24T08:30:00Z"
        )
    })
}

/// The records of a table, each with the line it begins in. Quotes may hold separators, line ends
/// and doubled quotes.
fn records(text: &str, between: char) -> Vec<(usize, Vec<String>)> {
    let (mut records, mut cells, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut began, mut quoted) = (1, 1, false);
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => {
                cell.push('"');
                rest.next();
            }
            '"' if quoted || cell.trim().is_empty() => {
                quoted = !quoted;
                if quoted {
                    cell.clear();
                }
            }
            '\r' if !quoted => {}
            '\n' if !quoted => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
                records.push((began, std::mem::take(&mut cells)));
                line += 1;
                began = line;
            }
            it if it == between && !quoted => {
                cells.push(std::mem::take(&mut cell).trim().to_owned());
            }
            it => {
                line += usize::from(it == '\n');
                cell.push(it);
            }
        }
    }
    if !cell.is_empty() || !cells.is_empty() {
        cells.push(cell.trim().to_owned());
        records.push((began, cells));
    }
    records
}
