//! The pages in Japanese: the same commands with the same outputs, and one word for each term.

use super::tools::{read, root};

/// The pages in Japanese.
const JAPANESE: [&str; 3] = ["README.ja.md", "docs/ja/guide.md", "docs/ja/commands.md"];

/// What the node's own pages say in Japanese.
const SHOWN: [&str; 2] = ["crates/api/assets/explorer/words.js", "crates/api/assets/evidence.html"];

/// Other words for マイニング, チェイン and トランザクション.
const OTHER_WORDS: [&str; 3] = ["採掘", "チェーン", "取引"];

/// The fenced blocks of a language, each as a whole.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line == format!("```{language}") {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push(block.join("\n"));
        }
    }
    found
}

/// The README in English and the pages of the guide, which tests run.
fn english() -> String {
    let pages = std::fs::read_dir(root().join("docs/guide")).unwrap();
    let pages = pages.map(|page| std::fs::read_to_string(page.unwrap().path()).unwrap());
    [read("README.md")].into_iter().chain(pages).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_command_of_a_japanese_page_stands_in_an_english_one() {
    let english = english();
    for path in JAPANESE {
        for language in ["sh", "console"] {
            let all = blocks(&english, language);
            for block in blocks(&read(path), language) {
                assert!(all.contains(&block), "no English page has this block of {path}:\n{block}");
            }
        }
    }
}

#[test]
fn the_japanese_readme_shows_all_commands_of_the_english_one() {
    for language in ["sh", "console"] {
        let same = blocks(&read("README.ja.md"), language);
        assert!(!same.is_empty(), "README.ja.md has no block of {language}");
        assert_eq!(same, blocks(&read("README.md"), language));
    }
}

#[test]
fn the_japanese_tables_explain_the_same_commands_and_options() {
    let rows = |path: &str, before: &str| {
        let text = read(path);
        let rows = text.lines().filter(|line| line.starts_with(before));
        rows.filter_map(|row| row.split(" | ").next().map(str::to_owned)).collect::<Vec<_>>()
    };
    for before in ["| `--", "| `kusari "] {
        assert_eq!(rows("docs/ja/commands.md", before), rows("docs/commands.md", before));
    }
}

#[test]
fn a_term_has_one_word_in_japanese() {
    for path in JAPANESE.into_iter().chain(SHOWN) {
        let text = read(path);
        for word in OTHER_WORDS {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn each_readme_names_the_other_at_its_top() {
    for (path, link) in
        [("README.md", "[日本語](README.ja.md)"), ("README.ja.md", "[English](README.md)")]
    {
        let text = read(path);
        let top: Vec<&str> = text.lines().take(5).collect();
        assert!(top.iter().any(|line| line.contains(link)), "{path} has no {link} at its top");
    }
}
