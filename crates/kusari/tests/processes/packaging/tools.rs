//! The repository and the tools of this machine.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The text of a file of the repository.
#[track_caller]
pub(crate) fn read(path: &str) -> String {
    let found = std::fs::read_to_string(root().join(path));
    assert!(found.is_ok(), "{path} cannot be read: {found:?}");
    found.unwrap_or_default()
}

/// A manifest of the repository.
#[track_caller]
pub(crate) fn manifest(path: &str) -> toml::Table {
    toml::from_str(&read(path)).unwrap()
}

/// Runs a tool if this machine has it.
pub(crate) fn run_if_installed(command: &mut Command) -> Option<Output> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) => Some(output),
        Err(error) => {
            println!("left out, as {:?} does not run here: {error}", command.get_program());
            None
        }
    }
}

#[track_caller]
pub(crate) fn assert_success(what: &str, output: &Output) {
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{what}:\n{}", String::from_utf8_lossy(&said));
}
