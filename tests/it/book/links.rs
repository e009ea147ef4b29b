//! Links between pages lead somewhere, anchors too.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::page::{page, pages};

#[test]
fn every_link_leads_to_a_file_and_every_anchor_to_a_heading() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut dead = Vec::new();
    for one in pages() {
        let folder = one.path.parent().unwrap_or(Path::new(""));
        for (line, target) in one.links() {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { one.path.clone() } else { folder.join(file) };
            let lives = if !root.join(&path).exists() {
                false
            } else if anchor.is_empty() {
                true
            } else {
                page(path).anchors().iter().any(|it| it == anchor)
            };
            if !lives {
                dead.push(format!("{}: {target}", one.at(line)));
            }
        }
    }
    assert!(dead.is_empty(), "\n{}", dead.join("\n"));
}

#[test]
fn the_contents_name_every_page() {
    let contents = page("docs/README.md".into());
    let linked: BTreeSet<PathBuf> = contents
        .links()
        .into_iter()
        .map(|(_, target)| Path::new("docs").join(target.split('#').next().unwrap_or_default()))
        .collect();
    for one in pages().iter().filter(|one| one.path.starts_with("docs")) {
        let itself = one.path == contents.path;
        assert!(itself || linked.contains(&one.path), "docs/README.md: no {}", one.path.display());
    }
}
