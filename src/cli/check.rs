//! `hubroute check`: every error and warning of a rules folder at once, with the rules' own
//! tests, offline; with HubSpot: `check_portal`.

use std::path::Path;

use jiff::civil::Date;

use super::diagnostics::{self, Format};
use crate::domain::diagnostic::Diagnostic;
use crate::domain::rule::{RuleFile, RuleSet, Setting, compile_for, renamed};
use crate::domain::suite;
use crate::rules_folder::{self, FolderError};

/// What `check` is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How findings are written.
    pub format: Format,
    /// ANSI colors in [`Format::Text`].
    pub color: bool,
    /// Warnings alone end with exit code 3.
    pub deny_warnings: bool,
    /// The day it is, for what is over.
    pub today: Option<Date>,
    /// The profile has a call that takes a contact out of a sequence: no bridge is needed.
    pub leaves_sequences: bool,
    /// Another state of the folder, to find rules that were renamed since.
    pub against: Option<&'a Path>,
}

/// What `check` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output.
    pub output: String,
    /// 0 accepted, 1 refused, 3 warnings where they are denied (PRODUCT.md, exit codes).
    pub exit_code: u8,
}

/// Checks the folder. A folder that cannot be read is an error of its own: exit code 1.
pub fn run(folder: &Path, options: Options<'_>) -> Result<Answer, FolderError> {
    let (files, garbled) = rules_folder::read_all(folder)?;
    judge((&files, garbled), folder, options, |_| Vec::new())
}

/// Checks files that were read from `folder`, and what was found in reading them; `more` adds
/// what only somebody else can tell of a set.
pub(super) fn judge(
    (files, garbled): (&[RuleFile], Vec<Diagnostic>),
    folder: &Path,
    options: Options<'_>,
    more: impl FnOnce(&RuleSet) -> Vec<Diagnostic>,
) -> Result<Answer, FolderError> {
    let Options { today, leaves_sequences, .. } = options;
    let mut compiled = compile_for(files, Setting { today, leaves_sequences });
    compiled.rules = compiled.rules.filter(|_| garbled.is_empty());
    compiled.diagnostics.extend(garbled);
    // The rules' own tests are part of the set: a reload refuses one that fails them.
    let report = compiled.rules.as_ref().map(|rules| suite::run(rules, files)).unwrap_or_default();
    match &compiled.rules {
        Some(rules) => {
            compiled.diagnostics.extend(report.diagnostics.iter().cloned());
            compiled.diagnostics.extend(suite::untested(rules, files, &report));
            compiled.diagnostics.extend(more(rules));
        }
        None => compiled.diagnostics.extend(suite::syntax_errors(files)),
    }
    if let Some(before) = options.against {
        compiled.diagnostics.extend(renamed(&rules_folder::read(before)?, files));
    }
    // Stable: within a line the order of discovery stays.
    compiled.diagnostics.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
    let (errors, warnings) = diagnostics::count(&compiled.diagnostics);
    let failed = report.counts().1;
    let exit_code = match (errors + failed, warnings) {
        (0, 1..) if options.deny_warnings => 3,
        (0, _) => 0,
        _ => 1,
    };
    let accepted = compiled.rules.as_ref().filter(|_| errors + failed == 0);
    let shown = folder.to_string_lossy();
    let found = &compiled.diagnostics;
    let output = match options.format {
        Format::Json => diagnostics::json(found, accepted.map(|set| set.rules.len())),
        Format::Github => diagnostics::github(found, &shown),
        Format::Text => {
            let counts = format!("{}, {}", plural(errors, "error"), plural(warnings, "warning"));
            let verdict = if let Some(set) = accepted {
                let (rules, warnings) = (set.rules.len(), plural(warnings, "warning"));
                let rules = plural(rules, "rule");
                format!("{shown}: {rules}, {warnings}, accepted as {}", set.fingerprint)
            } else if compiled.rules.is_none() && files.iter().any(RuleFile::is_test) {
                let tests = "its tests were not run because of the errors";
                format!("{shown}: {counts}; the set is refused as a whole, and {tests}")
            } else if failed == 0 {
                format!("{shown}: {counts}; the set is refused as a whole")
            } else {
                let tests = plural(failed, "failed test");
                format!("{shown}: {counts}, {tests}; the set is refused as a whole")
            };
            let tests =
                if failed == 0 { String::new() } else { super::test::text(&report, &shown) };
            diagnostics::text(found, files, &shown, options.color) + &tests + &verdict + "\n"
        }
    };
    Ok(Answer { output, exit_code })
}

/// A count with its word.
pub(super) fn plural(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const PORTAL: &str = "[portal]\nid = 1\ntime_zone = \"UTC\"\n";
    const UNUSED: &str =
        "[themes.t]\n[workflows.w]\nid = 1\ntheme = \"t\"\nholds_for = \"1 day\"\n";

    fn options(deny_warnings: bool) -> Options<'static> {
        let today = Some(jiff::civil::date(2026, 11, 24));
        Options {
            format: Format::Text,
            color: false,
            deny_warnings,
            today,
            leaves_sequences: false,
            against: None,
        }
    }

    #[track_caller]
    fn check(text: &str, deny_warnings: bool, exit_code: u8, part: &str) {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("portal.toml"), text).expect("written");
        let answer = run(folder.path(), options(deny_warnings)).expect("readable");
        assert_eq!(answer.exit_code, exit_code, "{}", answer.output);
        assert!(answer.output.contains(part), "{}", answer.output);
    }

    #[test]
    fn the_exit_code_tells_accepted_from_refused_and_warned() {
        check(PORTAL, true, 0, "0 rules, 0 warnings, accepted as ");
        let warned = format!("{PORTAL}{UNUSED}");
        check(&warned, false, 0, "warning[HR105]");
        check(&warned, true, 3, "0 rules, 1 warning, accepted");
        check("[portal]\nid = 1\n", false, 1, "1 error, 0 warnings; the set is refused");
    }

    const LIVE: &str = "[[rule]]\nid = \"r\"\nsays = \"s\"\nmode = \"live\"\n\
                        when = { property = \"p\", changes = true }\nenroll = { workflow = \"w\" }\n";

    #[test]
    fn a_live_rule_without_a_test_is_pointed_out() {
        let live = format!("{PORTAL}{UNUSED}{LIVE}");
        check(&live, true, 3, "rule \"r\" is live, and no test fires it.");
        check(&live.replace("\"live\"", "\"dry-run\""), true, 0, "1 rule, 0 warnings");
    }

    #[test]
    fn test_files_are_read_even_when_the_rules_are_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("portal.toml"), "[portal]\nid = 1\n").expect("written");
        fs::write(folder.path().join("a.test.toml"), "[[test]\n").expect("written");
        let answer = run(folder.path(), options(false)).expect("readable");
        assert!(answer.output.contains("a.test.toml:1"), "{}", answer.output);
        assert!(answer.output.contains("2 errors"), "{}", answer.output);
        let says = "refused as a whole, and its tests were not run because of the errors";
        assert!(answer.output.contains(says), "{}", answer.output);
    }

    #[test]
    fn a_file_that_is_no_text_is_a_finding_among_the_others() {
        let folder = tempfile::tempdir().expect("temporary folder");
        fs::write(folder.path().join("portal.toml"), "[portal]\nid = 1\n").expect("written");
        fs::write(folder.path().join("a.toml"), b"# caf\xe9\nfoo = 1\n").expect("written");
        let answer = run(folder.path(), options(false)).expect("readable");
        for part in ["error[HR021]", "a.toml:1:6", "byte 5 (0xe9)", "error[HR003]", "error[HR002]"]
        {
            assert!(answer.output.contains(part), "{part}: {}", answer.output);
        }
        assert_eq!(answer.exit_code, 1);
        fs::write(folder.path().join("portal.toml"), PORTAL).expect("written");
        fs::write(folder.path().join("a.toml"), b"# caf\xe9\n").expect("written");
        let answer = run(folder.path(), options(false)).expect("readable");
        assert!(
            answer.output.contains("1 error, 0 warnings; the set is refused"),
            "{}",
            answer.output
        );
    }

    #[test]
    fn a_profile_that_leaves_sequences_by_a_call_needs_no_bridge() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let sequence = "[themes.t]\n[sequences.w]\nid = 1\ntheme = \"t\"\n";
        let out = LIVE.replace("enroll = { workflow", "unenroll = { sequence");
        let text = format!("{PORTAL}{sequence}{out}");
        fs::write(folder.path().join("portal.toml"), text).expect("written");
        let check = |leaves_sequences: bool| {
            let asked = Options { leaves_sequences, ..options(false) };
            run(folder.path(), asked).expect("readable")
        };
        let answer = check(false);
        assert!(answer.output.contains("needs [portal.unenroll_bridge]"), "{}", answer.output);
        let answer = check(true);
        assert_eq!(answer.exit_code, 0, "{}", answer.output);
    }

    #[test]
    fn a_renamed_rule_is_found_against_the_state_before() {
        let folders = ["r", "s"].map(|id| {
            let folder = tempfile::tempdir().expect("temporary folder");
            let text = format!("{PORTAL}{UNUSED}{}", LIVE.replace("\"r\"", &format!("\"{id}\"")));
            fs::write(folder.path().join("portal.toml"), text).expect("written");
            folder
        });
        let against = Some(folders[0].path());
        let answer = run(folders[1].path(), Options { against, ..options(false) });
        let output = answer.expect("readable").output;
        assert!(output.contains("warning[HR118]") && output.contains("was = \"r\""), "{output}");
    }

    #[test]
    fn the_projects_own_rules_are_accepted_without_a_warning() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
        let answer = run(&folder, options(true)).expect("readable");
        assert_eq!(answer.exit_code, 0, "{}", answer.output);
    }
}
