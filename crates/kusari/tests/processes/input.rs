//! What people write, and what they are told: each row is what is typed and piped in, the exit code, and the
//! first line of the answer.

mod ledger;
mod ownership;
mod reach;
mod start;
mod wallets;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::support::Setup;

/// A home directory with files, in which commands run.
struct Place(Setup);

impl Place {
    fn new() -> Self {
        Self(Setup::bare("input"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.home().join(name)
    }

    /// Writes a file of this user's alone.
    fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let file = self.path(name);
        fs::write(&file, content).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        file
    }

    /// Runs words, of which those in quotation marks are one. Returns the exit code, what was printed and what
    /// was complained of.
    #[track_caller]
    fn run(&self, line: &str, input: &[u8]) -> (i32, String, String) {
        let mut child = self.0.clone().command().args(split(line)).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        // It may end before it has read anything.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        let [out, err] = [output.stdout, output.stderr].map(|all| String::from_utf8(all).unwrap());
        (output.status.code().unwrap(), out, err)
    }

    /// What a command prints that does not fail.
    #[track_caller]
    fn printed(&self, line: &str) -> String {
        let (code, out, err) = self.run(line, b"");
        assert_eq!(code, 0, "{line}: {out}{err}");
        out
    }

    /// Holds a table against the program. `…` stands for any part of a first line, and `{home}` for the home
    /// directory.
    #[track_caller]
    fn check(&self, rows: &[Row<'_>]) {
        let home = self.0.home().display().to_string();
        let mut wrong = Vec::new();
        for (line, input, code, first) in rows {
            let line = line.replace("{home}", &home);
            let (found, out, err) = self.run(&line, input);
            let said = if found == 0 || !out.is_empty() { &out } else { &err };
            let said = said.lines().next().unwrap_or_default();
            if found != *code || !fits(said, &first.replace("{home}", &home)) {
                wrong.push(format!(
                    "{line}\n  expected {code}: {first}\n  found    {found}: {said}"
                ));
            }
        }
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }
}

/// What is typed, what is piped in, the exit code, and the first line.
type Row<'a> = (&'a str, &'a [u8], i32, &'a str);

fn split(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            _ => words.last_mut().unwrap().push(character),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a line is as a pattern says.
fn fits(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = line.strip_prefix(parts.next().unwrap()) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// A text as Windows saves it.
fn utf_16(text: &str) -> Vec<u8> {
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Every file below a directory, and itself.
fn all_below(directory: &Path) -> Vec<PathBuf> {
    let mut found = vec![directory.to_owned()];
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(all_below(&path)),
            false => found.push(path),
        }
    }
    found
}
