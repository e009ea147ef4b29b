//! What `--help` says beyond the arguments: an example for each command. The completions and
//! manual pages are made from the same [`command`].

#[cfg(test)]
mod tests;

use clap::{Command, CommandFactory};

use super::args::Args;

/// The command, by its words, and what stands under its help.
const EXAMPLES: &[(&str, &str)] = &[
    (
        "",
        "  hubroute demo --once\n  hubroute check rules && hubroute test rules\n  \
         hubroute serve --config /etc/hubroute/hubroute.toml",
    ),
    ("serve", "  hubroute serve --config /etc/hubroute/hubroute.toml"),
    ("demo", "  hubroute demo\n  hubroute demo --once"),
    (
        "check",
        "  hubroute check rules\n  hubroute check rules --deny-warnings --format github\n  \
         git worktree add ../before main && hubroute check rules --against ../before/rules\n  \
         hubroute check rules --portal",
    ),
    ("doctor", "  hubroute doctor\n  hubroute doctor --format json"),
    (
        "subscriptions",
        "  hubroute subscriptions\n  \
         hubroute subscriptions --format hsmeta > src/app/webhooks/webhooks-hsmeta.json",
    ),
    (
        "test",
        "  hubroute test rules\n  hubroute test rules --run \"demo request\" --cover\n  \
         hubroute test rules --record ann@acme.com >> rules/inbound.test.toml",
    ),
    (
        "replay",
        "  hubroute replay --last 7d\n  hubroute replay --last 30d --against rules-new\n  \
         hubroute replay events.jsonl --rules rules --format json",
    ),
    ("explain", "  hubroute explain 801\n  hubroute explain ann@acme.com --format json"),
    ("backup", "  hubroute backup /mnt/backups/hubroute-2026-11-24"),
    ("restore", "  hubroute restore /mnt/backups/hubroute-2026-11-24"),
    ("verify", "  hubroute verify\n  hubroute verify /mnt/backups/hubroute-2026-11-24"),
    (
        "reconcile",
        "  hubroute reconcile --since 36h\n  hubroute reconcile --since 2026-11-24T08:00:00Z",
    ),
    (
        "seed",
        "  hubroute seed\n  hubroute seed --csv workflow-history.csv\n  hubroute seed --skip --who Dana --note \"a new account\"",
    ),
    ("waiting", "  hubroute waiting"),
    ("pause", "  hubroute pause --who \"Dana\" --note \"campaign is wrong\""),
    ("resume", "  hubroute resume --who \"Dana\" --note \"campaign is fixed\""),
    ("fmt", "  hubroute fmt rules\n  hubroute fmt --check rules\n  hubroute fmt - < rule.toml"),
    ("schema", "  hubroute schema > rules.json\n  hubroute schema config > config.json"),
    ("reload", "  hubroute check rules && hubroute reload"),
    ("health", "  hubroute health"),
    ("held list", "  hubroute held list"),
    (
        "held release",
        "  hubroute held release --rule inbound-mql --first 50 --who Dana --note \"looked at\"",
    ),
    (
        "held discard",
        "  hubroute held discard --rule inbound-mql --who Dana --note \"a bad import\"",
    ),
    (
        "contact take-out",
        "  hubroute contact take-out 801 --theme sales --who Dana --note \"asked by phone\"",
    ),
    (
        "contact never-contact-again",
        "  hubroute contact never-contact-again 801 --who Dana --note \"asked by phone\"",
    ),
    (
        "contact allow-again",
        "  hubroute contact allow-again 801 --who Dana --note \"came back to us\"",
    ),
    ("forget", "  hubroute forget 801 --who Dana --note \"request 17\""),
    ("in-doubt list", "  hubroute in-doubt list"),
    (
        "in-doubt resolve",
        "  hubroute in-doubt resolve 17.0.0 --as enrolled --who Dana --note \"seen in the record\"",
    ),
    (
        "completions",
        "  bash        source <(hubroute completions bash)     (in ~/.bashrc)\n  \
         zsh         hubroute completions zsh > \"${fpath[1]}/_hubroute\"\n  \
         fish        hubroute completions fish > ~/.config/fish/completions/hubroute.fish\n  \
         elvish      eval (hubroute completions elvish | slurp)     (in rc.elv)\n  \
         powershell  hubroute completions powershell | Out-String | Invoke-Expression",
    ),
    (
        "man",
        "  hubroute man check > check.1 && man ./check.1\n  \
         hubroute man --out /usr/local/share/man/man1",
    ),
];

/// The whole command line, with its examples. Not built: clap does that at its first use.
pub(super) fn command() -> Command {
    EXAMPLES.iter().fold(Args::command(), |command, (path, examples)| {
        let words: Vec<&str> = path.split_whitespace().collect();
        with_examples(command, &words, examples)
    })
}

fn with_examples(command: Command, path: &[&str], examples: &str) -> Command {
    let Some((first, rest)) = path.split_first() else {
        let title = if examples.contains('\n') { "Examples" } else { "Example" };
        let mut text = format!("{title}:\n{examples}");
        if let Some(more) = command.get_after_help() {
            text = format!("{text}\n\n{more}");
        }
        return command.after_help(text);
    };
    // A command that is not there is a mistake in the table, which the tests find.
    command.mut_subcommand(first, |command| with_examples(command, rest, examples))
}
