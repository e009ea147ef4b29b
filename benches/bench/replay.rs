//! `hubroute replay` of a million events, each about a contact of its own: of a file of JSON
//! lines, and of a stored journal. One event in ten fires a rule and is decided.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

use hubroute::domain::breaker::Fires;
use hubroute::domain::contact::Contact;
use hubroute::domain::event::{Event, Kind};
use hubroute::domain::id::{ContactId, PortalId};
use hubroute::domain::intake::{Incoming, judge};
use hubroute::domain::person::Person;
use hubroute::domain::record::{Record, RulesAccepted, Step, Taken, TakenEvent, Turn};
use hubroute::domain::rule::{RuleFile, RuleSet, compile};
use hubroute::domain::time::Timestamp;
use hubroute::store::disk::Folder;
use hubroute::store::journal::{Draft, FrameKind, Journal};
use hubroute::store::ledger;

use crate::events::{FIRING_VALUE, OTHER_VALUE, PORTAL, PUBLIC_URL, WATCHED, contact};
use crate::figures::{Line, grouped};
use crate::{Bench, Fallible, command, folder};

/// One event in so many fires.
const FIRES_EVERY: u64 = 10;
/// Events in a delivery of the journal.
const BATCH: u64 = 100;
/// Other rules, which watch other properties.
const RULES: usize = 100;
const FIRST: Timestamp = Timestamp::from_unix_ms(1_795_532_400_000);
/// Between two events: a million in half a day.
const STEP_MS: u64 = 40;
const TARGET_SECONDS: f64 = 60.0;
/// The version of records (STORAGE.md).
const RECORD_VERSION: u8 = 1;

/// Measures both.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let count = bench.remembered;
    let root = bench.root.join("replay");
    let files = files();
    folder::write(&root.join("rules"), &files, 0)?;
    let rules = compile(&files).rules.ok_or("the rules of this benchmark do not compile")?;
    write_lines(&root.join("events.jsonl"), count)?;
    let file = ["replay", "events.jsonl", "--rules", "rules"];
    lines.push(one(bench, (&root, "a file of JSON lines"), &file, count)?);
    std::fs::remove_file(root.join("events.jsonl"))?;
    write_journal(&root.join("data/journal"), (&rules, &files), count)?;
    let config = format!("[server]\npublic_url = \"{PUBLIC_URL}\"\n");
    std::fs::write(root.join("hubroute.toml"), config)?;
    let journal = ["replay", "--rules", "rules"];
    lines.push(one(bench, (&root, "a stored journal"), &journal, count)?);
    std::fs::remove_dir_all(&root)?;
    Ok(())
}

fn one(bench: &Bench, (root, what): (&Path, &str), words: &[&str], count: u64) -> Fallible<Line> {
    let run = command::run(&bench.binary, words, root)?;
    println!("{}", run.output);
    let decided = grouped((count / FIRES_EVERY) as f64);
    let records = grouped(count as f64);
    if !run.output.contains(&format!(": {count} records")) {
        return Err(format!("a replay of {count} events gave other counts").into());
    }
    let seconds = run.time.as_secs_f64();
    Ok(Line {
        number: "replay",
        what: format!("{records} events of as many contacts, {decided} decided, of {what}"),
        target: "≤ 60 s (1 M events)".to_owned(),
        figure: format!("{seconds:.1} s, peak {:.0} MiB resident", run.peak_mib),
        is_met: Some(seconds <= TARGET_SECONDS),
    })
}

/// The rules of the other parts; the one that fires enrolls into a workflow, so no budget is
/// exhausted and every contact has a past.
fn files() -> Vec<RuleFile> {
    let mut files = folder::files(RULES, "live");
    let portal = &mut files[0].text;
    let sequence = r#"enroll = { sequence = "intro", sender = ["team:reps"] }"#;
    *portal = portal.replace(sequence, r#"enroll = { workflow = "guide" }"#);
    portal.push_str("[workflows.guide]\nid = 201\ntheme = \"sales\"\nholds_for = \"30 days\"\n");
    files
}

fn at(n: u64) -> Timestamp {
    FIRST.plus_ms(n * STEP_MS)
}

fn value(n: u64) -> &'static str {
    if n.is_multiple_of(FIRES_EVERY) { FIRING_VALUE } else { OTHER_VALUE }
}

/// Each contact described, then changed.
fn write_lines(path: &Path, count: u64) -> Fallible {
    let mut out = BufWriter::new(File::create(path)?);
    for n in 0..count {
        let (id, at, value) = (contact(n), at(n).unix_ms(), value(n));
        writeln!(
            out,
            r#"{{"contact":{{"id":{id},"properties":{{"email":"lead{n}@prospect.test","country":"US"}}}}}}"#
        )?;
        writeln!(
            out,
            r#"{{"eventId":{n},"subscriptionId":2431587,"portalId":{PORTAL},"appId":1160452,"occurredAt":{at},"subscriptionType":"contact.propertyChange","attemptNumber":0,"objectId":{id},"propertyName":"{WATCHED}","propertyValue":"{value}","changeSource":"CRM_UI","sourceId":"userId:76023669"}}"#
        )?;
    }
    Ok(out.flush()?)
}

/// The records that a router leaves of the same events, with a read of each contact decided.
fn write_journal(path: &Path, (rules, files): (&RuleSet, &[RuleFile]), count: u64) -> Fallible {
    std::fs::create_dir_all(path)?;
    let disk = Folder::at(path)?;
    let (mut journal, _) = Journal::open(&disk, ledger::STREAM)?;
    let mut put = |record: &Record| -> Fallible {
        let json = serde_json::to_vec(record)?;
        let (kind, version) = (FrameKind::Record, RECORD_VERSION);
        journal.put(&Draft { kind, version, parts: &[&json] });
        if (1 << 20) < journal.group_bytes() {
            journal.commit()?;
        }
        Ok(())
    };
    put(&Record::RulesAccepted(RulesAccepted {
        at: FIRST,
        previous: 0,
        born: Vec::new(),
        portal: rules.portal.id,
        fingerprint: rules.fingerprint.clone(),
        files: files.iter().map(|file| (file.name.clone(), file.text.clone())).collect(),
    }))?;
    for first in (0..count).step_by(BATCH as usize) {
        let numbers = first..count.min(first + BATCH);
        let delivery = first / BATCH + 1;
        let events: Vec<TakenEvent> = numbers
            .clone()
            .map(|n| taken(rules, n, &format!("{delivery}.{}", n - first)))
            .collect();
        let turns: Vec<Turn> = numbers.zip(&events).filter_map(|(n, it)| turn(n, it)).collect();
        let at = at(first + BATCH);
        put(&Record::Taken(Taken { delivery, at, events }))?;
        for turn in turns {
            put(&Record::Turn(Box::new(turn)))?;
        }
    }
    journal.commit()?;
    journal.mark();
    Ok(())
}

fn taken(rules: &RuleSet, n: u64, id: &str) -> TakenEvent {
    let event = Event {
        portal: PortalId(PORTAL),
        contact: ContactId(contact(n)),
        kind: Kind::Property { name: WATCHED.into(), value: value(n).to_owned() },
        occurred_at: at(n),
        subscription_type: "contact.propertyChange".to_owned(),
        source: Some("CRM_UI".to_owned()),
        source_id: Some("userId:76023669".to_owned()),
        app: Some(1_160_452),
        event_id: Some(n.to_string()),
    };
    let (received, fires) = (at(n), &Fires::default());
    let incoming = Incoming { event: &event, received, id, duplicate: false, fires };
    judge(rules, &Person::new(event.contact), &incoming)
}

/// What the router read of a contact whose rule fired, and that its item is done.
fn turn(n: u64, taken: &TakenEvent) -> Option<Turn> {
    let items = taken.items.as_ref().filter(|items| !items.is_empty())?;
    let id = ContactId(contact(n));
    let mut turn = Turn::new(Step::Decided, id, at(n + 2 * BATCH));
    let email = format!("lead{n}@prospect.test");
    let properties = [("email", email.as_str()), ("country", "US"), (WATCHED, value(n))];
    turn.viewed = Some(Contact {
        id,
        properties: properties.map(|(name, value)| (name.into(), value.to_owned())).into(),
        history: std::collections::BTreeMap::new(),
        merged: Vec::new(),
    });
    turn.done = items.iter().map(|item| item.id.clone()).collect();
    Some(turn)
}
