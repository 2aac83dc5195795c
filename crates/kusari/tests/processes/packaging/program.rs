//! Command lines of other programs' files, given to the real program.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::tools::read;

/// Where every packaged node keeps its chain.
pub(crate) const DATA_DIRECTORY: &str = "/var/lib/kusari";

/// Where the service reads its settings.
pub(crate) const CONFIG_FILE: &str = "/etc/kusari/kusari.toml";

/// The exit code of a command line or a configuration that is wrong.
const USAGE: i32 = 2;

/// The exit code of everything else that fails.
const FAILED: i32 = 1;

/// Gives the program a command line, without its own name, as far as the program can follow it
/// here: the directory of the chain is made one that cannot exist, so that a node whose settings
/// are right ends with another error than wrong settings do, before it takes a port.
#[track_caller]
pub(crate) fn assert_understood<S: AsRef<str>>(words: &[S]) {
    assert_understood_with(words, &read("deploy/kusari.toml"));
}

/// The same with another content of the configuration file.
#[track_caller]
pub(crate) fn assert_understood_with<S: AsRef<str>>(words: &[S], config: &str) {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let (code, error) = run(&words, config);
    let command = words.join(" ");
    assert_ne!(code, Some(USAGE), "kusari {command}: {error}");
    assert_eq!(code, Some(FAILED), "kusari {command}: {error}");
}

/// Returns the exit code and what was said on stderr.
#[track_caller]
pub(crate) fn run(words: &[&str], config: &str) -> (Option<i32>, String) {
    let here = TempDir::new().unwrap();
    let impossible = impossible_directory(here.path());
    let config_file = here.path().join("kusari.toml");
    std::fs::write(&config_file, config.replace(DATA_DIRECTORY, &impossible)).unwrap();
    let config_file = config_file.to_str().unwrap();

    let kept = words.contains(&DATA_DIRECTORY)
        || (words.contains(&CONFIG_FILE) && config.contains(DATA_DIRECTORY));
    assert!(kept, "{words:?} keeps the chain elsewhere than in {DATA_DIRECTORY}");
    let output = Command::new(env!("CARGO_BIN_EXE_kusari"))
        .args(words.iter().map(|word| match *word {
            DATA_DIRECTORY => &impossible,
            CONFIG_FILE => config_file,
            other => other,
        }))
        .env("HOME", here.path())
        .env_remove("XDG_DATA_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A directory below a file.
fn impossible_directory(here: &Path) -> String {
    let file = here.join("file");
    std::fs::write(&file, "").unwrap();
    file.join("data").to_str().unwrap().to_owned()
}

#[test]
fn a_wrong_command_line_is_told_from_a_right_one() {
    let wrong = ["--listne", "3000", "--data-dir", DATA_DIRECTORY];
    assert_eq!(run(&wrong, "").0, Some(USAGE));
    let right = ["--listen", "3000", "--data-dir", DATA_DIRECTORY];
    assert_eq!(run(&right, "").0, Some(FAILED));
    let file = format!("listen = 3000\ndata-dir = '{DATA_DIRECTORY}'\n");
    assert_eq!(run(&["--config", CONFIG_FILE], &file).0, Some(FAILED));
    let file = format!("listne = 3000\ndata-dir = '{DATA_DIRECTORY}'\n");
    assert_eq!(run(&["--config", CONFIG_FILE], &file).0, Some(USAGE));
}
