//! The pages: `docs` as an mdBook, and links and paths of all pages.

use std::collections::BTreeSet;
use std::path::Path;

use super::{File, assert_none, files, root};

/// Where pages of the book are, relative to the root.
const BOOK: &str = "docs/";

/// Pages that name files of the source, which have to be there.
const MAPS: [&str; 2] = ["ARCHITECTURE.md", "CONTRIBUTING.md"];

fn pages() -> Vec<File> {
    files(&["md"])
}

/// The lines of a page that are no code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// What the links of a page lead to, in order; addresses of elsewhere left out.
fn links(page: &File) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(&page.text) {
        // A link within backquotes is an example of one.
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("code");
        let targets = plain.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        found.extend(targets.filter(|target| !target.contains("://")).map(str::to_owned));
    }
    found
}

/// The anchors of a page, as code hosts and mdBook make them of its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let title = title.trim().to_lowercase().replace(' ', "-");
        let kept = |c: &char| c.is_alphanumeric() || "-_".contains(*c);
        let anchor: String = title.chars().filter(kept).collect();
        let mut numbered = anchor.clone();
        for number in 1.. {
            if found.insert(numbered) {
                break;
            }
            numbered = format!("{anchor}-{number}");
        }
    }
    found
}

/// A path from the root for what a page calls `target`; none where it leads out of the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => drop(parts.pop()?),
            _ => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What is wrong with a link, if anything is.
fn fault(page: &File, link: &str, pages: &[File]) -> Option<String> {
    let (target, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = match target {
        "" => page.path.clone(),
        _ => resolve(&page.path, target).unwrap_or_else(|| String::from("..")),
    };
    let fault = if path == ".." {
        "leads out of the repository"
    } else if !root().join(&path).exists() {
        "leads to nothing"
    } else if page.path.starts_with(BOOK) && !path.starts_with(BOOK) {
        "leads out of the book, where a reader of the book cannot go; name the file instead"
    } else if path == "docs/SUMMARY.md" {
        "leads to what is no page of the book"
    } else if !anchor.is_empty()
        && !pages.iter().any(|p| p.path == path && anchors(&p.text).contains(anchor))
    {
        "names a heading that is not there"
    } else {
        return None;
    };
    Some(format!("{}: ({link}) {fault}", page.path))
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut count = 0;
    let mut offenders = Vec::new();
    for page in &pages {
        for link in links(page) {
            count += 1;
            offenders.extend(fault(page, &link, &pages));
        }
    }
    assert!(count > 150, "{count} links");
    assert_none("links lead to pages, files and headings that are there", &offenders);
}

#[test]
fn the_summary_lists_every_page_of_the_book_once() {
    let pages = pages();
    let summary = pages.iter().find(|page| page.path == "docs/SUMMARY.md").unwrap();
    let mut listed = links(summary);
    let mut there: Vec<String> = pages
        .iter()
        .filter_map(|page| page.path.strip_prefix(BOOK))
        .filter(|path| *path != "SUMMARY.md")
        .map(str::to_owned)
        .collect();
    listed.sort();
    there.sort();
    assert_eq!(listed, there, "docs/SUMMARY.md, left, against the pages of docs");
    let settings = std::fs::read_to_string(root().join("docs/book.toml")).unwrap();
    let settings: toml::Table = toml::from_str(&settings).unwrap();
    assert_eq!(settings["book"]["src"].as_str(), Some("."));
}

#[test]
fn files_that_the_maps_name_are_there() {
    let mut offenders = Vec::new();
    for page in pages().iter().filter(|page| MAPS.contains(&page.path.as_str())) {
        let quoted = page.text.split('`').skip(1).step_by(2);
        let paths = ["crates/", "docs/", "conformance/", "fuzz/", "clients/", "benches/"];
        let named = quoted.filter(|word| paths.iter().any(|start| word.starts_with(start)));
        for name in named.filter(|name| !name.contains([' ', '\n'])) {
            // `NAME` is that of a new file.
            if !name.contains("NAME") && !root().join(Path::new(name)).exists() {
                offenders.push(format!("{}: {name}", page.path));
            }
        }
    }
    assert_none("files that a page names are there", &offenders);
}

#[test]
fn anchors_are_made_as_hosts_make_them() {
    let text = "# The wire\n```\n# no heading\n```\n## What's `new`, and why?\n## 日本語の案内\n## The wire\n";
    let found: Vec<String> = anchors(text).into_iter().collect();
    assert_eq!(found, ["the-wire", "the-wire-1", "whats-new-and-why", "日本語の案内"]);
}
