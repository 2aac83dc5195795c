//! The guide to all this: `docs/guide/running.md`.

use super::program::assert_understood;
use super::tools::{read, root};

/// The lines of all blocks of commands.
fn commands() -> Vec<String> {
    let guide = read("docs/guide/running.md");
    let blocks = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.flat_map(str::lines).map(str::to_owned).collect()
}

#[test]
fn every_file_that_the_guide_names_is_there() {
    let commands = commands();
    let words = commands.iter().flat_map(|line| line.split(' '));
    let files: Vec<&str> = words.filter(|word| word.starts_with("deploy/")).collect();
    assert!(files.len() >= 5, "only {files:?} is named");
    for file in files {
        assert!(root().join(file).is_file(), "{file} does not exist");
    }
}

#[test]
fn the_program_understands_every_command_of_the_guide() {
    let commands = commands();
    let asked: Vec<&str> = commands
        .iter()
        .filter_map(|line| line.split_once(" kusari status "))
        .map(|l| l.1)
        .collect();
    assert_eq!(asked.len(), 2, "one for Docker and one for systemd");
    for options in asked {
        let words: Vec<&str> = ["status"].into_iter().chain(options.split(' ')).collect();
        assert_understood(&words);
    }
}
