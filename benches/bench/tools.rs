//! What people who write rules wait for: `check` of 1,000 rules, `test` with 500 tests.

use std::time::Instant;

use hubroute::domain::rule::{RuleFile, compile};
use hubroute::domain::suite;

use crate::figures::{Line, median};
use crate::{Bench, Fallible, command, folder};

const ROUNDS: usize = 11;
const RULES: usize = 1_000;
const TESTS: usize = 500;

/// Measures them, in turns.
pub(crate) fn run(bench: &Bench, lines: &mut Vec<Line>) -> Fallible {
    let at = bench.root.join("rules");
    let files = folder::files(RULES, "live");
    let mut found: [Vec<f64>; 5] = Default::default();
    let run = |words: &[&str]| {
        command::run(&bench.binary, words, &bench.root).map(|run| run.time.as_secs_f64() * 1e3)
    };
    for _ in 0..ROUNDS {
        folder::write(&at, &files, 0)?;
        found[0].push(run(&["check", "rules"])?);
        found[1].push(ms(|| drop(compile(&files))));
        folder::write(&at, &files, TESTS)?;
        found[2].push(run(&["check", "rules"])?);
        found[3].push(run(&["test", "rules"])?);
        found[4].push(tests_only(&files, &at)?);
    }
    let [check, library, with_tests, test, tests] = found.map(median);
    lines.push(Line {
        number: "check",
        what: "hubroute check of 1,000 rules, from starting the process to its end".to_owned(),
        target: "≤ 100 ms".to_owned(),
        figure: format!(
            "{check:.0} ms, compiling {library:.0} of it; with {TESTS} tests {with_tests:.0} ms"
        ),
        is_met: Some(check <= 100.0),
    });
    lines.push(Line {
        number: "test",
        what: format!("hubroute test, {TESTS} tests of 1,000 rules, from start to end"),
        target: "≤ 1 s".to_owned(),
        figure: format!("{test:.0} ms, the tests {tests:.0} of it"),
        is_met: Some(test <= 1_000.0),
    });
    Ok(())
}

/// The tests without reading and compiling the rules.
fn tests_only(files: &[RuleFile], at: &std::path::Path) -> Fallible<f64> {
    let rules = compile(files).rules.ok_or("the rules of this benchmark do not compile")?;
    let text = std::fs::read_to_string(at.join("rules.test.toml"))?;
    let file = RuleFile { name: "rules.test.toml".to_owned(), text };
    let mut passed = 0;
    let took = ms(|| passed = suite::run(&rules, &[file]).counts().0);
    if passed == TESTS { Ok(took) } else { Err(format!("{passed} of {TESTS} tests passed").into()) }
}

fn ms(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e3
}
