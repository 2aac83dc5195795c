//! What became of the lines of an import.
//!
//! Owns the counts and what is said of each line that was not taken. Every line that holds something
//! is imported, known or refused in the end; one that lacks its parent waits in between.

use kusari_chain::{BlockHash, CheckedBlock};
use kusari_node::Event;
use kusari_node::wire::Dialect;

use crate::cli::prelude::*;
use crate::cli::words::words;

/// Blocks without a known parent that are kept in mind. A node keeps fewer of them in its pool, so
/// whatever is beyond has no hope.
const MAX_ORPHANS: usize = 1_024;

const WITHOUT_PARENT: &str =
    "the blocks that it builds on are not known here; import them first, then this one again";

/// Takes blocks: a node that runs, or the store of one that does not.
pub(super) trait Target {
    /// How lines for it are read.
    fn dialect(&self) -> Dialect;

    /// Takes the block of a line, now or soon.
    fn take(&mut self, number: u64, block: CheckedBlock, tally: &mut Tally) -> Result;

    /// Takes what is left, makes everything durable and settles what waits. Returns the height of
    /// the best chain.
    fn finish(&mut self, tally: &mut Tally) -> Result<u32>;
}

/// The counts.
pub(super) struct Tally {
    pub(super) progress: Progress,
    imported: u64,
    known: u64,
    refused: u64,
    orphans: Vec<(u64, BlockHash)>,
}

impl Tally {
    pub(super) fn new(progress: Progress) -> Self {
        Self { progress, imported: 0, known: 0, refused: 0, orphans: Vec::new() }
    }

    pub(super) fn imported(&mut self) {
        self.imported += 1;
    }

    pub(super) fn known(&mut self) {
        self.known += 1;
    }

    pub(super) fn refused(&mut self, number: u64, reason: &str) {
        self.refused += 1;
        self.progress.remark(&format!("Line {number} is not imported: {reason}"));
    }

    /// The block of a line lacks its parent, which may still come.
    pub(super) fn waits(&mut self, number: u64, hash: BlockHash) {
        if self.orphans.len() < MAX_ORPHANS {
            self.orphans.push((number, hash));
        } else {
            self.refused(number, WITHOUT_PARENT);
        }
    }

    /// Takes the blocks that wait, to be asked for and then [settled](Self::settled).
    pub(super) fn take_orphans(&mut self) -> Vec<(u64, BlockHash)> {
        std::mem::take(&mut self.orphans)
    }

    /// The block of a line that waited has a place by now, or has none.
    pub(super) fn settled(&mut self, number: u64, found: bool) {
        if found {
            self.imported();
        } else {
            self.refused(number, WITHOUT_PARENT);
        }
    }

    /// Shows what a person should know of, as a node that runs would. The blocks are many, and in
    /// the file.
    pub(super) fn tell(&mut self, events: &[Event]) {
        for event in events {
            if matches!(
                event,
                Event::Reorganised { .. }
                    | Event::FromTheFuture { .. }
                    | Event::LineReopened { .. }
            ) && let Some(said) = words(event)
            {
                self.progress.remark(&said.text);
            }
        }
    }

    /// How many lines were refused.
    pub(super) fn refusals(&self) -> u64 {
        self.refused
    }

    /// The last word, as a sentence.
    pub(super) fn sentence(&self, height: u32) -> String {
        format!(
            "Imported {}, {} known already, {} refused; height is now {height}",
            counted(self.imported, "block"),
            grouped(self.known),
            grouped(self.refused)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_that_wait_for_a_parent_are_bounded_and_all_are_counted() {
        let mut tally = Tally::new(Progress::of_bytes("Importing", None));
        for number in 0..=MAX_ORPHANS as u64 {
            tally.waits(number, BlockHash::ZERO);
        }
        assert_eq!(tally.refusals(), 1);
        for (number, _) in tally.take_orphans() {
            tally.settled(number, number != 3);
        }
        assert_eq!(
            tally.sentence(7),
            "Imported 1,023 blocks, 0 known already, 2 refused; height is now 7"
        );
    }
}
