//! The README in Japanese: the same commands with the same outputs.

use super::tools::read;

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

#[test]
fn every_command_of_the_japanese_readme_stands_in_the_english_one() {
    let (english, japanese) = (read("README.md"), read("README.ja.md"));
    for language in ["sh", "console"] {
        let all = blocks(&english, language);
        let same = blocks(&japanese, language);
        assert!(!same.is_empty(), "README.ja.md has no block of {language}");
        for block in same {
            assert!(all.contains(&block), "README.md has no such block:\n{block}");
        }
    }
}

#[test]
fn the_japanese_readme_explains_the_same_options() {
    let options = |path: &str| {
        let text = read(path);
        let rows = text.lines().filter(|line| line.starts_with("| `--"));
        rows.filter_map(|row| row.split(" | ").next().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(options("README.ja.md"), options("README.md"));
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
