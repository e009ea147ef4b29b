//! `hubroute check --portal`: the offline check on fresh property definitions, and what only
//! HubSpot can tell.

use std::path::Path;

use super::check::{self, Options};
use super::portal::{self, Asker};
use super::{ExitStatus, fail, finish, print, saved, say};
use crate::domain::portal::lock::{self, Definitions};
use crate::domain::portal::{
    Arrivals, Finding, Portal, Question, Sign, Unread, access, diagnostics, judge,
};
use crate::domain::rule::{RuleFile, RuleSet, Setting, compile_for};
use crate::rules_folder;

/// What is said of the lock file's changes; more are counted.
const CHANGES_SHOWN: usize = 20;

pub(super) fn run(config: &Path, folder: &Path, options: Options<'_>) -> ExitStatus {
    let (config, client) = match portal::enter(config) {
        Ok(entered) => entered,
        Err(status) => return status,
    };
    let (mut files, garbled) = match rules_folder::read_all(folder) {
        Ok(read) => read,
        Err(error) => return fail(&error, ExitStatus::Failure),
    };
    // An old lock file may refuse a property that is new: what is asked does not depend on it.
    let Options { today, leaves_sequences, .. } = options;
    let rules = compile_for(&without_lock(&files), Setting { today, leaves_sequences }).rules;
    let asked = portal::ask(&client, rules.as_ref(), async |asker, portal| {
        let definitions = definitions(asker, &portal, &files).await;
        (portal, definitions)
    });
    let (told, definitions) = match asked {
        Ok(asked) => asked,
        Err(status) => return status,
    };
    if let Err(why) = &told.account
        && !matches!(why, Unread::Forbidden(_) | Unread::Untold(_))
    {
        say(&format!("error: {why}"));
        return ExitStatus::Environment;
    }
    match definitions {
        Ok(definitions) => {
            if let Err(error) = refresh(folder, &mut files, &definitions) {
                say(&format!("error: cannot write {}: {error}", lock::FILE));
                return ExitStatus::Environment;
            }
        }
        Err(why) => say(&format!("{} is not refreshed: {why}", lock::FILE)),
    }
    let arrivals = portal::arrivals(&config.store).unwrap_or_else(|error| {
        say(&format!("the sources of changes are not checked: {error}"));
        None
    });
    let mut found = Vec::new();
    let by_flow_id = client.enrolls_by_flow_id();
    let answer = check::judge((&files, garbled), folder, options, |rules| {
        found = findings((rules, arrivals.as_ref()), &told, by_flow_id);
        diagnostics(&found, &files)
    });
    match answer {
        Ok(answer) => end(&answer, &found),
        Err(error) => fail(&error, ExitStatus::Failure),
    }
}

fn findings(
    (rules, arrivals): (&RuleSet, Option<&Arrivals>),
    portal: &Portal,
    by_flow_id: bool,
) -> Vec<Finding> {
    let mut found = access(portal, Some(rules));
    found.extend(judge(Question { rules, portal, arrivals, by_flow_id }));
    found
}

/// The answer, and on standard error what could not be checked.
fn end(answer: &check::Answer, found: &[Finding]) -> ExitStatus {
    let refused = found.iter().filter(|finding| finding.sign == Sign::Refused);
    let mut refused = refused.peekable();
    if refused.peek().is_none() {
        return finish(&answer.output, answer.exit_code);
    }
    print(&answer.output);
    for finding in refused {
        let todo = finding.todo.as_deref().map(|todo| format!("; {todo}")).unwrap_or_default();
        say(&format!("error: {}{todo}", finding.what));
    }
    ExitStatus::Environment
}

fn without_lock(files: &[RuleFile]) -> Vec<RuleFile> {
    files.iter().filter(|file| file.name != lock::FILE).cloned().collect()
}

/// The definitions of contacts, and of companies and deals where a file speaks of their
/// properties. What the token may not read is left out: those checks stay off.
async fn definitions(
    asker: &Asker<'_>,
    portal: &Portal,
    files: &[RuleFile],
) -> Result<Definitions, Unread> {
    let mut all = Definitions::new();
    all.insert("contact".to_owned(), portal.properties.clone()?);
    for (object, plural) in [("company", "companies"), ("deal", "deals")] {
        // As in `{ company = "x", … }`; one question too many does no harm.
        let words = [format!("{object} ="), format!("{object}=")];
        let spoken = |file: &RuleFile| words.iter().any(|word| file.text.contains(word));
        if !files.iter().any(spoken) {
            continue;
        }
        let what = format!("{object} properties");
        match asker.put(&what, async |client| client.properties(plural).await).await {
            Ok(definitions) => drop(all.insert(object.to_owned(), definitions)),
            Err(why) => say(&format!("{what} are not checked: {why}")),
        }
    }
    Ok(all)
}

/// Writes the lock file where it changed, says what did, and puts it among `files`.
fn refresh(
    folder: &Path,
    files: &mut Vec<RuleFile>,
    definitions: &Definitions,
) -> std::io::Result<()> {
    let text = lock::write(definitions, files);
    let before = files.iter().find(|file| file.name == lock::FILE);
    if before.is_some_and(|before| before.text == text) {
        return Ok(());
    }
    saved::replace(&folder.join(lock::FILE), &text)?;
    if let Some(before) = before {
        // Read back, so that options left out are no difference.
        tell(&lock::changes(&lock::read(&before.text), &lock::read(&text)));
    } else {
        let count: usize = definitions.values().map(std::collections::BTreeMap::len).sum();
        say(&format!("{}: new, with {count} properties", lock::FILE));
    }
    files.retain(|file| file.name != lock::FILE);
    files.push(RuleFile { name: lock::FILE.to_owned(), text });
    Ok(())
}

fn tell(changes: &[String]) {
    say(&format!("{}: {}", lock::FILE, check::plural(changes.len(), "change")));
    for change in changes.iter().take(CHANGES_SHOWN) {
        say(&format!("  {change}"));
    }
    if let Some(more) = changes.get(CHANGES_SHOWN..).filter(|more| !more.is_empty()) {
        say(&format!("  and {} more", more.len()));
    }
}
