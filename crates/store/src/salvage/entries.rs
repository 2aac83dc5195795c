//! Which of the outbox entries that were found under one number counts.
//!
//! Owns what two versions of one entry are. A write that broke off leaves an entry that was not acknowledged,
//! and its number is given out again: then two entries stand under one number.

use kusari_node::store::OutboxEntry;

/// Texts that are kept of other entries under one number: a file may hold any number of them.
const MAX_OTHERS: usize = 8;

/// An outbox entry as its last version that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundEntry {
    /// The entry.
    pub entry: OutboxEntry,
    /// Whether any version of it was settled.
    pub was_settled: bool,
    /// Whether its row had a checksum that holds. Where it had none, the chain may disprove it.
    pub is_proven: bool,
    /// Texts of other entries that were found under its number, a few of them.
    pub others: Vec<String>,
    /// Whether the database shows it.
    is_live: bool,
}

/// Where an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Somewhere in the file, with a checksum that holds.
    File,
    /// In the database, likewise.
    Database,
    /// In the database of an early version, which has no checksums.
    Early,
}

impl FoundEntry {
    pub(super) fn new(entry: OutboxEntry, source: Source) -> Self {
        Self {
            was_settled: entry.state.is_settled(),
            is_proven: source != Source::Early,
            is_live: source != Source::File,
            others: Vec::new(),
            entry,
        }
    }

    /// Its text, of a draft as well.
    #[must_use]
    pub fn text(&self) -> &str {
        let draft = self.entry.draft.as_ref().filter(|_| self.entry.text.is_empty());
        draft.and_then(|draft| draft.text()).unwrap_or(&self.entry.text)
    }

    /// Takes in what else was found under its number. Of one entry the last version counts, and of two
    /// entries the one that the database shows.
    pub(super) fn meet(&mut self, mut other: Self) {
        if is_same(&self.entry, &other.entry) {
            self.was_settled |= other.was_settled;
            self.is_live |= other.is_live;
            if rank(&other.entry) > rank(&self.entry) {
                self.entry = other.entry;
            }
            return;
        }
        let counts = |found: &Self| (found.is_live, rank(&found.entry));
        if counts(&other) > counts(self) {
            std::mem::swap(self, &mut other);
        }
        let texts = other.others.iter().map(String::as_str).chain([other.text()]);
        let of_others: Vec<&str> = texts.filter(|text| !text.is_empty()).collect();
        for text in of_others {
            if self.others.len() < MAX_OTHERS
                && text != self.text()
                && !self.others.iter().any(|known| known == text)
            {
                self.others.push(text.to_string());
            }
        }
    }
}

/// Erased text does not come back, and blocks are only added.
fn rank(entry: &OutboxEntry) -> (bool, usize) {
    (entry.is_erased(), entry.blocks.len())
}

/// Whether these can be two versions of one entry: its text, or what it was drafted as, stays until it is
/// erased.
fn is_same(one: &OutboxEntry, other: &OutboxEntry) -> bool {
    let both = one.blocks.len().min(other.blocks.len());
    one.blocks[..both] == other.blocks[..both]
        && (one.is_erased()
            || other.is_erased()
            || one.draft == other.draft && (one.draft.is_some() || one.text == other.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kusari_node::store::EntryState;

    #[test]
    fn a_file_with_any_number_of_texts_under_one_number_fills_a_bounded_list() {
        let entry = |text: String| OutboxEntry {
            id: 1,
            text,
            blocks: Vec::new(),
            state: EntryState::Waiting,
            draft: None,
        };
        let mut found = FoundEntry::new(entry(String::from("first")), Source::File);
        for number in 0..1_000 {
            found.meet(FoundEntry::new(entry(format!("text {number}")), Source::File));
        }
        assert_eq!((found.text(), found.others.len()), ("first", MAX_OTHERS));
    }
}
