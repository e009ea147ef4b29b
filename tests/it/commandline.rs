//! The command line as a person meets it: wrong folders and files, readers that go away, and bash
//! completing it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_hubroute");

fn run(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(BINARY);
    command.args(args).current_dir(folder).env_clear().stdin(Stdio::null());
    command.output().expect("the command can be started")
}

/// A folder with a good set in `rules`, and one with a slip in `bad`.
fn prepared() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    let write = |path: &str, text: &str| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    };
    write("rules/portal.toml", "[portal]\nid = 1\ntime_zone = \"UTC\"\n");
    write("bad/portal.toml", "[portal]\nid = 1\ntime_zoen = \"UTC\"\n");
    write("garbage.jsonl", "garbage\n");
    write("half.jsonl", "garbage\n{\"owner\":{\"id\":1}}\n");
    fs::create_dir(root.join("empty")).expect("made");
    folder
}

/// How a command ends, and what it says to whoever typed it; nothing is said twice.
#[track_caller]
fn check(args: &[&str], code: i32, part: &str) {
    let folder = prepared();
    let output = run(folder.path(), args);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let all = said.clone() + &String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {all}");
    assert!(all.contains(part), "{args:?}: {part:?} is not in {all}");
    assert!(!all.contains("panicked") && !all.contains("\x1b["), "{args:?}: {all}");
    let cause = said.lines().find_map(|line| line.trim_start().strip_prefix("caused by: "));
    let twice = cause.filter(|cause| 1 < said.matches(cause).count());
    assert_eq!(twice, None, "{said}");
    assert!(!said.contains("error: error"), "{said}");
}

#[test]
fn a_folder_that_is_not_there_is_named_with_what_to_do() {
    for command in ["check", "test"] {
        check(
            &[command, "nope"],
            1,
            "there is no folder nope; name the folder that holds the rules",
        );
        check(&[command, "rules/portal.toml"], 1, "is a file; name the folder it is in: rules\n");
        check(&[command, "garbage.jsonl"], 1, "name the folder it is in: .\n");
        check(&[command, "empty"], 1, "empty holds no *.toml file");
        check(&[command, "--config", "nope.toml"], 2, "cannot read the configuration nope.toml");
    }
    check(&["check", "rules", "--against", "nope"], 1, "there is no folder nope");
    check(&["fmt", "nope"], 1, "there is no file or folder nope");
    check(&["fmt", "empty"], 1, "empty holds no *.toml file");
    check(&["fmt", "--config", "nope.toml"], 2, "cannot read the configuration nope.toml");
    check(&["replay", "--rules", "rules/portal.toml", "garbage.jsonl"], 1, "is a file");
}

#[test]
fn replay_says_what_is_wrong_with_its_input() {
    check(&["replay", "--rules", "bad", "garbage.jsonl"], 1, "nothing was replayed");
    check(&["replay", "--rules", "bad", "garbage.jsonl"], 1, "Did you mean \"time_zone\"?");
    check(&["replay", "--rules", "rules", "nope.jsonl"], 4, "cannot read nope.jsonl");
    check(&["replay", "--rules", "rules", "empty"], 4, "cannot read empty");
    let nothing = "nothing in garbage.jsonl can be read (line 1: expected value";
    check(&["replay", "--rules", "rules", "garbage.jsonl"], 1, nothing);
    check(&["replay", "--rules", "rules", "garbage.jsonl"], 1, "a webhook event, or { \"contact\"");
    check(&["replay", "--rules", "rules", "half.jsonl"], 0, ": 1 record\n");
    check(&["replay", "--rules", "rules", "half.jsonl"], 0, "Unreadable: such a line is");
}

#[test]
fn what_needs_only_the_store_asks_for_nothing_else() {
    // No public_url anywhere: there is no store in `data`, and that is what is missing.
    for args in
        [&["replay", "--rules", "rules"][..], &["test", "rules", "--record", "1"], &["verify"]]
    {
        check(args, 4, "data");
        check(&[args, &["--config", "nope.toml"]].concat(), 2, "cannot read the configuration");
    }
}

#[test]
fn without_a_configuration_it_is_said_that_there_is_none() {
    check(&["explain", "1"], 2, "help: there is no hubroute.toml in this folder");
    check(&["waiting"], 2, "name one with --config FILE");
}

#[test]
fn a_report_that_cannot_be_written_is_named_and_the_run_is_shown() {
    let args = ["test", "rules", "--junit", "nope/report.xml"];
    check(&args, 4, "cannot write the report nope/report.xml: No such file");
    check(&args, 4, "No tests found");
}

#[test]
fn pages_and_scripts_are_printed() {
    check(&["man", "held", "release"], 0, ".TH HUBROUTE\\-HELD\\-RELEASE 1");
    check(&["man", "held release"], 0, ".TH HUBROUTE\\-HELD\\-RELEASE 1");
    check(&["man", "nope"], 2, "there is no command \"nope\"; see hubroute help");
    check(&["man", "--out", "man1"], 0, "pages in man1");
    check(&["man", "--out", "garbage.jsonl"], 4, "cannot write pages into garbage.jsonl");
    check(&["completions", "fish"], 0, "complete -c hubroute");
    check(&["completions", "tcsh"], 2, "possible values: bash");
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    let folder = prepared();
    let path = folder.path().join("rules/portal.toml");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).expect("set");
    if fs::read(&path).is_ok() {
        // The superuser may read everything: nothing to see here.
        return;
    }
    for args in [&["check", "rules"][..], &["fmt", "rules"], &["test", "rules"]] {
        let output = run(folder.path(), args);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("portal.toml: Permission denied"), "{said}");
    }
}

/// A reader that goes away at once is no reason to panic.
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let folder = prepared();
    for args in [
        &["--help"][..],
        &["schema"],
        &["check", "rules"],
        &["test", "rules"],
        &["man"],
        &["completions", "bash"],
        &["replay", "--rules", "rules", "half.jsonl", "--format", "json"],
    ] {
        let mut child = Command::new(BINARY)
            .args(args)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("ended");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.is_empty(), "{args:?}: {said}");
        assert!(output.status.code().is_some_and(|code| code < 2), "{args:?}");
    }
}

/// What bash offers for these words, by its own completion machinery.
fn bash(folder: &Path, words: &[&str]) -> String {
    let script = "source <(\"$1\" completions bash) || exit 9\n\
                  complete -p hubroute >/dev/null || exit 8\n\
                  COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))\n\
                  _hubroute; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", script, "bash", BINARY])
        .args(words)
        .current_dir(folder)
        .output()
        .expect("bash is there: the scripts of this project need it");
    // `compopt` grumbles outside a real completion; nothing else may.
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn bash_completes_commands_options_values_and_folders() {
    let folder = prepared();
    let rule = "[[rule]]\nid = \"first-one\"\nsays = \"x\"\nmode = \"off\"\n\
                when = { property = \"p\", changes = true }\nenroll = { workflow = \"w\" }\n\
                [themes.t]\n[workflows.w]\nid = 1\ntheme = \"t\"\nholds_for = \"1 day\"\n";
    fs::write(folder.path().join("rules/r.toml"), rule).expect("written");
    let check = |words: &[&str], expected: &str| {
        assert_eq!(bash(folder.path(), words), expected, "{words:?}");
    };
    check(&["comp"], "completions\n");
    check(&["completions", ""], "bash\nzsh\nfish\nelvish\npowershell\n");
    check(&["check", "--form"], "--format\n");
    check(&["check", "--format", "=", "g"], "github\n");
    check(&["check", "--format", "="], "text\njson\ngithub\n");
    check(&["check", "ru"], "rules\n");
    check(&["fmt", "rules/p"], "rules/portal.toml\n");
    check(&["held", "release", "--rule", "fir"], "first-one\n");
    check(&["held", "release", "--rule", "nope"], "\n");
}

#[test]
fn bash_finds_no_mistake_in_its_script() {
    let script = Command::new(BINARY).args(["completions", "bash"]).output().expect("printed");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hubroute.bash");
    fs::write(&path, script.stdout).expect("written");
    let output = Command::new("bash").arg("-n").arg(&path).output().expect("bash is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
