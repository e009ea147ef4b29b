//! `check` of a thousand rules: people run it at every save.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use hubroute::cli::check::{Options, run};
use hubroute::cli::diagnostics::Format;

const RULES: usize = 1_000;

/// The goal is 100 ms in a release build. A build without optimization on a busy machine gets
/// fifty times as long, which still finds what grows with the square.
const LIMIT: Duration = Duration::from_secs(5);

const BOOK: &str = "[portal]\nid = 1\ntime_zone = \"UTC\"\n[themes.t]\n[workflows.w]\nid = 1\n\
                    theme = \"t\"\nholds_for = \"1 day\"\n";

#[test]
fn a_thousand_rules_are_checked_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rules = BOOK.to_owned();
    for n in 0..RULES {
        // Half of them start from one property: that is where rules meet each other.
        let property = if n % 2 == 0 { "shared".to_owned() } else { format!("p{n}") };
        let written = write!(
            rules,
            "[[rule]]\nid = \"r{n}\"\nsays = \"s\"\npriority = {}\n\
             when = {{ property = \"{property}\", becomes = \"v{n}\" }}\n\
             only_if = [{{ property = \"q\", is_any_of = [\"a\", \"b\"] }}, \
             {{ property = \"n\", is_at_least = 5 }}]\nenroll = {{ workflow = \"w\" }}\n",
            n + 1
        );
        written.expect("a text takes everything");
    }
    fs::write(folder.path().join("rules.toml"), rules).expect("written");
    let options = Options {
        format: Format::Json,
        color: false,
        deny_warnings: true,
        today: None,
        leaves_sequences: false,
        against: None,
    };
    let start = Instant::now();
    let answer = run(folder.path(), options).expect("readable");
    let took = start.elapsed();
    assert_eq!(answer.exit_code, 0, "{}", answer.output);
    assert!(took < LIMIT, "{took:?}");
}
