//! Files in the form of systemd: sections of keys and values.

/// One `Key=value`.
pub(crate) struct Entry {
    pub(crate) section: String,
    pub(crate) key: String,
    pub(crate) value: String,
}

/// A unit, in order.
pub(crate) struct Unit(Vec<Entry>);

impl Unit {
    /// Reads a unit; a line that is none of comment, section and entry ends the test.
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        let mut entries: Vec<Entry> = Vec::new();
        let mut section = String::new();
        for line in text.lines() {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                section = name.to_owned();
                continue;
            }
            assert!(!section.is_empty(), "{line:?} stands in no section");
            let entry = line.split_once('=');
            assert!(entry.is_some(), "{line:?} is neither a section nor an entry");
            let (key, value) = entry.unwrap_or_default();
            let named = key.starts_with(|c: char| c.is_ascii_uppercase())
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(named, "{key:?} is no name of a setting");
            assert_eq!(value, value.trim(), "{key} has white space around its value");
            let (key, value) = (key.to_owned(), value.to_owned());
            entries.push(Entry { section: section.clone(), key, value });
        }
        Self(entries)
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub(crate) fn sections(&self) -> Vec<&str> {
        let mut sections: Vec<&str> = self.0.iter().map(|entry| entry.section.as_str()).collect();
        sections.dedup();
        sections
    }

    /// All values of a key, in whichever section.
    pub(crate) fn all(&self, key: &str) -> Vec<&str> {
        let found = self.0.iter().filter(|entry| entry.key == key);
        found.map(|entry| entry.value.as_str()).collect()
    }

    /// The value of a key that stands there once.
    #[track_caller]
    pub(crate) fn one(&self, key: &str) -> &str {
        let values = self.all(key);
        assert_eq!(values.len(), 1, "{key}");
        values[0]
    }
}
