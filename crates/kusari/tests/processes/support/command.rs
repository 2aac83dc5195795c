//! A command that runs to its end.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use super::Setup;

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What it printed, if all went well and nothing was to be complained of.
    #[track_caller]
    pub(crate) fn printed(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{self:?}");
        self.out
    }

    /// What it complained of, if it failed with this code and a sentence at the end.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:?}");
        let last = self.err.lines().last().unwrap_or_default();
        assert!(last.starts_with("error: "), "{self:?}");
        self.err
    }
}

/// `kusari` and these words, without anything of the person who runs the tests.
pub(crate) fn command(words: &str) -> (Setup, Command) {
    let setup = Setup::bare("command").args(words.split(' '));
    let command = setup.command();
    (setup, command)
}

/// Runs `kusari` with these words.
#[track_caller]
pub(crate) fn kusari(words: &str) -> Ran {
    kusari_with(words, b"")
}

/// Runs `kusari` with these words and this input.
#[track_caller]
pub(crate) fn kusari_with(words: &str, input: &[u8]) -> Ran {
    let (_home, mut command) = command(words);
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // It may print before it has read all, and end before it has read anything.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran::of(output)
}

/// Runs a command on the node, or the store, of a directory.
#[track_caller]
pub(crate) fn on(directory: &Path, words: &str) -> Ran {
    on_with(directory, words, b"")
}

/// The same, with this input.
#[track_caller]
pub(crate) fn on_with(directory: &Path, words: &str, input: &[u8]) -> Ran {
    kusari_with(&format!("{words} --data-dir {}", directory.to_str().unwrap()), input)
}

/// A status without what rewriting costs, which each machine measures for itself.
pub(crate) fn without_costs(status: &str) -> String {
    let line = |line: &str| match line.starts_with("- To rewrite on this machine, or ") {
        true => String::from("- To rewrite\n"),
        false => format!("{line}\n"),
    };
    status.lines().map(line).collect()
}
