//! Manual pages, made from the command line itself.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use clap::{Arg, Command};

/// The page of the command that `path` leads to; nothing where there is none.
pub(super) fn page(root: &mut Command, path: &[String]) -> Option<String> {
    root.build();
    let mut command = &*root;
    for word in path {
        command = command.find_subcommand(word).filter(|it| !it.is_hide_set())?;
    }
    Some(written(command))
}

/// Writes every page into `folder`, and gives how many.
pub(super) fn write_all(root: &mut Command, folder: &Path) -> io::Result<usize> {
    root.build();
    let mut pages = Vec::new();
    collect(root, &mut pages);
    std::fs::create_dir_all(folder)?;
    for (name, text) in &pages {
        std::fs::write(folder.join(format!("{name}.1")), text)?;
    }
    Ok(pages.len())
}

fn collect(command: &Command, pages: &mut Vec<(String, String)>) {
    pages.push((name(command), written(command)));
    for inner in inner(command) {
        collect(inner, pages);
    }
}

/// The commands inside that have a page.
fn inner(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|it| !it.is_hide_set() && it.get_name() != "help")
}

/// `hubroute-held-list`.
fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

fn written(command: &Command) -> String {
    let (name, version) = (name(command), env!("CARGO_PKG_VERSION"));
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let mut page = format!(
        ".TH {} 1 \"\" \"hubroute {version}\" \"hubroute manual\"\n",
        escaped(&name.to_uppercase())
    );
    writeln!(page, ".SH NAME\n{} \\- {}", escaped(&name), escaped(&about)).ok();
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    writeln!(page, ".SH SYNOPSIS\n.nf").ok();
    usage.lines().for_each(|line| plain(&mut page, line.trim()));
    page.push_str(".fi\n.SH DESCRIPTION\n");
    let long = command.get_long_about().map_or(about, ToString::to_string);
    plain(&mut page, &format!("{}.", long.trim_end_matches('.')));
    let shown = |arg: &&Arg| !arg.is_hide_set();
    section(&mut page, "ARGUMENTS", command.get_positionals().filter(shown));
    section(&mut page, "OPTIONS", command.get_opts().chain(flags(command)).filter(shown));
    if inner(command).next().is_some() {
        page.push_str(".SH COMMANDS\n");
        for it in inner(command) {
            let about = it.get_about().map(ToString::to_string).unwrap_or_default();
            writeln!(page, ".TP\n\\fB{}\\fR(1)\n{}", escaped(&self::name(it)), escaped(&about))
                .ok();
        }
    }
    let more = command.get_after_long_help().or_else(|| command.get_after_help());
    if let Some(more) = more {
        page.push_str(".SH NOTES\n.nf\n");
        more.to_string().lines().for_each(|line| plain(&mut page, line));
        page.push_str(".fi\n");
    }
    page
}

fn flags(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !arg.is_positional() && !arg.get_action().takes_values())
}

fn section<'a>(page: &mut String, title: &str, args: impl Iterator<Item = &'a Arg>) {
    let mut title = Some(title);
    for arg in args {
        if let Some(title) = title.take() {
            writeln!(page, ".SH {title}").ok();
        }
        writeln!(page, ".TP\n{}", heading(arg)).ok();
        let help = arg.get_long_help().or_else(|| arg.get_help());
        let help = help.map(ToString::to_string).unwrap_or_default();
        help.lines().filter(|line| !line.is_empty()).for_each(|line| plain(page, line));
        if !arg.get_action().takes_values() {
            continue;
        }
        let words = arg.get_possible_values();
        let words: Vec<&str> = words.iter().map(clap::builder::PossibleValue::get_name).collect();
        if !words.is_empty() {
            plain(page, &format!("One of: {}.", words.join(", ")));
        }
        let usual: Vec<String> =
            arg.get_default_values().iter().map(|it| it.to_string_lossy().into_owned()).collect();
        if let [usual] = usual.as_slice()
            && !usual.is_empty()
        {
            plain(page, &format!("The default is {usual}."));
        }
    }
}

/// `-h, --help`, `--format FORMAT`, `[RULES]`.
fn heading(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("\\fB\\-{short}\\fR"));
    let long = arg.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", escaped(long)));
    let mut text = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    if arg.get_action().takes_values() {
        let fallback = arg.get_id().as_str().to_uppercase();
        let value = arg.get_value_names().and_then(|names| names.first());
        let value = value.map_or(fallback, ToString::to_string);
        let gap = if text.is_empty() { "" } else { " " };
        write!(text, "{gap}\\fI{}\\fR", escaped(&value)).ok();
    }
    text
}

/// A line of text: nothing in it is a command of roff.
fn plain(page: &mut String, line: &str) {
    let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
    writeln!(page, "{guard}{}", escaped(line)).ok();
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}
