//! A page of the book, taken apart: fenced blocks with their markers, headings, links.

use std::fs;
use std::path::{Path, PathBuf};

/// A page.
#[derive(Debug)]
pub(super) struct Page {
    /// Its path from the package's folder.
    pub(super) path: PathBuf,
    /// Its text.
    pub(super) text: String,
}

/// A fenced block.
#[derive(Debug)]
pub(super) struct Block {
    /// The line of its fence, from 1.
    pub(super) line: usize,
    /// The first word after the fence.
    pub(super) language: String,
    /// What the HTML comment right before it says.
    pub(super) marker: Option<String>,
    /// The `##` heading it stands under, counted; 0 before the first.
    pub(super) section: usize,
    /// What stands between the fences, without their indent.
    pub(super) text: String,
}

/// README.md and every page under docs, by path.
pub(super) fn pages() -> Vec<Page> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("docs")).expect("docs is a folder");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| Path::new("docs").join(entry.expect("an entry").file_name()))
        .filter(|path| path.extension() == Some("md".as_ref()))
        .collect();
    paths.push(PathBuf::from("README.md"));
    paths.sort();
    paths.into_iter().map(page).collect()
}

/// The page at a path from the package's folder.
pub(super) fn page(path: PathBuf) -> Page {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join(&path);
    let text = fs::read_to_string(whole).expect("the page is readable");
    Page { path, text }
}

impl Page {
    /// Every fenced block, in order.
    pub(super) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open: Option<(Block, usize)> = None;
        let (mut before, mut section) = ("", 0);
        for (line, number) in self.text.lines().zip(1..) {
            let inside = line.trim_start();
            let fence = inside.strip_prefix("```");
            match (open.take(), fence) {
                (Some((block, _)), Some(_)) => blocks.push(block),
                (Some((mut block, indent)), None) => {
                    let indent = indent.min(line.len() - inside.len());
                    block.text.push_str(&line[indent..]);
                    block.text.push('\n');
                    open = Some((block, indent));
                }
                (None, Some(language)) => {
                    let marker = before.trim().strip_prefix("<!--");
                    let marker = marker.and_then(|it| it.strip_suffix("-->"));
                    let block = Block {
                        line: number,
                        language: language.trim().to_owned(),
                        marker: marker.map(|it| it.trim().to_owned()),
                        section,
                        text: String::new(),
                    };
                    open = Some((block, line.len() - inside.len()));
                }
                (None, None) => section += usize::from(line.starts_with("## ")),
            }
            before = line;
        }
        assert!(open.is_none(), "{}: a fence is not closed", self.path.display());
        blocks
    }

    /// Lines outside fences, with their numbers.
    fn prose(&self) -> Vec<(usize, &str)> {
        let mut fenced = false;
        let mut lines = Vec::new();
        for (line, number) in self.text.lines().zip(1..) {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                lines.push((number, line));
            }
        }
        lines
    }

    /// The anchors of its headings, as GitHub makes them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let headings = self.prose().into_iter().filter(|(_, line)| line.starts_with('#'));
        headings.map(|(_, line)| anchor(line.trim_start_matches('#').trim())).collect()
    }

    /// Where its links lead, with their lines; addresses of the web left out.
    pub(super) fn links(&self) -> Vec<(usize, &str)> {
        let mut links = Vec::new();
        for (number, line) in self.prose() {
            for (at, _) in line.match_indices("](") {
                let target = line[at + 2..].split(')').next().unwrap_or_default();
                if !target.contains("://") {
                    links.push((number, target));
                }
            }
        }
        links
    }

    /// What stands between backticks outside fences, with their lines.
    pub(super) fn code(&self) -> Vec<(usize, &str)> {
        let mut found = Vec::new();
        for (number, line) in self.prose() {
            found.extend(line.split('`').skip(1).step_by(2).map(|code| (number, code)));
        }
        found
    }

    /// `PATH:LINE`, for messages.
    pub(super) fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

/// A heading's anchor: lower case, punctuation left out, blanks as hyphens.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    kept.flat_map(char::to_lowercase).map(|it| if it == ' ' { '-' } else { it }).collect()
}

#[test]
fn an_anchor_is_what_github_makes_of_a_heading() {
    assert_eq!(anchor("HR001: The file is not TOML"), "hr001-the-file-is-not-toml");
    assert_eq!(anchor("`no-email`, twice"), "no-email-twice");
}
