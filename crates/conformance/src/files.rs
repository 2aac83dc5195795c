//! The files of the suites: where they are read from, their form, and writing them back.
//!
//! The suites are part of the program, so that an installed one can run them. Where there is a
//! directory `conformance`, its files are used instead.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::suites::Suite;
use super::{ConformanceError, layout};

/// Name of the directory that holds the suites.
pub const DIRECTORY: &str = "conformance";

/// Longest file that is read, in bytes. Suites are for people to read, too.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// Where the suites come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The program itself, as it was built.
    Program,
    /// The files `NAME.json` in this directory.
    Directory(PathBuf),
}

impl Place {
    /// The directory `conformance` in `directory` where there is one, the program itself otherwise.
    #[must_use]
    pub fn near(directory: &Path) -> Self {
        let suites = directory.join(DIRECTORY);
        if suites.is_dir() { Self::Directory(suites) } else { Self::Program }
    }

    pub(super) fn read(&self, suite: &Suite) -> Result<SuiteFile, ConformanceError> {
        let (origin, text) = match self {
            Self::Program => (format!("the suite {} in the program", suite.name), suite.built_in()),
            Self::Directory(directory) => {
                let path = path_of(directory, suite);
                let text = read_bounded(&path).map_err(|reason| ConformanceError::Unreadable {
                    path: path.clone(),
                    reason,
                })?;
                (path.display().to_string(), Ok(text))
            }
        };
        text.and_then(|text| SuiteFile::parse(suite.name, &text))
            .map_err(|reason| ConformanceError::Malformed { origin, reason })
    }

    /// Writes the file if its content changes by that.
    pub(super) fn write(&self, suite: &Suite, file: &SuiteFile) -> Result<(), ConformanceError> {
        let Self::Directory(directory) = self else {
            return Err(ConformanceError::NothingToUpdate);
        };
        let path = path_of(directory, suite);
        let text = file.to_text();
        if read_bounded(&path).is_ok_and(|before| before == text) {
            return Ok(());
        }
        // A file of its own first, so that a run that is broken off leaves the suite as it was.
        let new = path.with_extension("json.new");
        fs::write(&new, text)
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| ConformanceError::Unwritable { path, reason: error.to_string() })
    }
}

fn path_of(directory: &Path, suite: &Suite) -> PathBuf {
    directory.join(suite.name).with_extension("json")
}

fn read_bounded(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_string(&mut text))
        .map_err(|error| error.to_string())?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(format!("it has more than {MAX_FILE_BYTES} bytes"));
    }
    Ok(text)
}

/// A suite as its file holds it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SuiteFile {
    suite: String,
    about: String,
    pub(super) cases: Vec<Case>,
}

/// One input, and what comes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    about: Option<String>,
    /// Where the expectation comes from, if not from this program: it is never rewritten.
    pub(super) source: Option<String>,
    pub(super) input: Value,
    /// Missing in a new case, until it is rewritten.
    pub(super) expected: Option<Value>,
}

impl SuiteFile {
    fn parse(name: &str, text: &str) -> Result<Self, String> {
        let file: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if file.suite != name {
            return Err(format!("`suite` is {:?}, and {name:?} was expected", file.suite));
        }
        if file.cases.is_empty() {
            return Err(String::from("it has no cases"));
        }
        let mut names = BTreeSet::new();
        match file.cases.iter().find(|case| !names.insert(case.name.as_str())) {
            Some(twin) => Err(format!("two cases are named {:?}", twin.name)),
            None => Ok(file),
        }
    }

    fn to_text(&self) -> String {
        let cases: Vec<Value> = self.cases.iter().map(Case::to_value).collect();
        layout::pretty(&json!({"suite": self.suite, "about": self.about, "cases": cases}))
    }
}

impl Case {
    fn to_value(&self) -> Value {
        let mut case = Map::new();
        case.insert(String::from("name"), json!(self.name));
        case.insert(String::from("input"), self.input.clone());
        for (key, text) in [("about", &self.about), ("source", &self.source)] {
            case.extend(text.as_ref().map(|text| (String::from(key), json!(text))));
        }
        case.extend(self.expected.clone().map(|expected| (String::from("expected"), expected)));
        Value::Object(case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_suite_is_refused() {
        let parse = |cases: &str, name: &str| {
            let text = format!("{{\"suite\":{name:?},\"about\":\"\",\"cases\":{cases}}}");
            SuiteFile::parse("wire", &text).err()
        };
        let case = "{\"name\":\"a\",\"input\":1}";
        assert_eq!(parse(&format!("[{case}]"), "wire"), None);
        for (cases, name, words) in [
            (format!("[{case}]"), "hash", "was expected"),
            (format!("[{case},{case}]"), "wire", "two cases are named \"a\""),
            (String::from("[]"), "wire", "no cases"),
            (String::from("[{\"name\":\"a\",\"inputs\":1}]"), "wire", "inputs"),
            (String::from("1"), "wire", "line 1"),
        ] {
            assert!(parse(&cases, name).is_some_and(|why| why.contains(words)), "{cases}");
        }
    }

    #[test]
    fn a_file_that_is_too_long_is_not_read() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("wire.json");
        fs::write(&path, " ".repeat(1024 * 1024)).unwrap();
        assert!(read_bounded(&path).is_ok());
        fs::write(&path, " ".repeat(1024 * 1024 + 1)).unwrap();
        assert!(read_bounded(&path).is_err_and(|reason| reason.contains("more than")));
    }
}
