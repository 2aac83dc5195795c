//! How far a long command has come, on stderr.
//!
//! Owns the bar, which only a terminal gets, and the remarks above it. A stranger's input may give
//! cause for a remark on every line, so only so many are shown.

use std::io::{self, Write};

use indicatif::{ProgressBar, ProgressStyle};

use super::escape::{Plain, counted};

/// Remarks that are shown; the others are only counted.
const MAX_REMARKS: u64 = 100;

/// What is counted, and the bar that shows it.
const BYTES: &str = "{msg} {wide_bar} {binary_bytes} of {binary_total_bytes}, {eta} left";
const BYTES_WITHOUT_END: &str = "{msg} {spinner} {binary_bytes}";
const WORDS: &str = "{spinner} {msg}";
const BLOCKS: &str = "{msg} {wide_bar} {human_pos} of {human_len} blocks, {eta} left";

/// Progress, until it is [finished](Self::finish) or dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    remarks: u64,
}

impl Progress {
    /// Progress through `total` bytes, or through as many as come.
    pub(crate) fn of_bytes(doing: &'static str, total: Option<u64>) -> Self {
        match total {
            Some(total) => Self::new(ProgressBar::new(total), BYTES, doing),
            None => Self::new(ProgressBar::no_length(), BYTES_WITHOUT_END, doing),
        }
    }

    /// Progress through `total` blocks.
    pub(crate) fn of_blocks(doing: &'static str, total: u32) -> Self {
        Self::new(ProgressBar::new(total.into()), BLOCKS, doing)
    }

    /// Progress that has no end, in words.
    pub(crate) fn in_words() -> Self {
        Self::new(ProgressBar::no_length(), WORDS, "")
    }

    /// Whether anybody sees it.
    pub(crate) fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    pub(crate) fn say(&self, words: String) {
        self.bar.set_message(words);
        self.bar.tick();
    }

    /// Writes to stdout, which may be the same terminal.
    pub(crate) fn beside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// The bar draws on stderr, and draws nothing where that is no terminal.
    fn new(bar: ProgressBar, template: &str, doing: &'static str) -> Self {
        // The templates are the ones above, which a test reads; the plain bar would do as well.
        let style = ProgressStyle::with_template(template);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(doing);
        Self { bar, remarks: 0 }
    }

    pub(crate) fn set(&self, position: u64) {
        self.bar.set_position(position);
    }

    /// Prints a line above the bar, safe to print whatever is in it.
    pub(crate) fn remark(&mut self, text: &str) {
        self.remarks += 1;
        if self.remarks <= MAX_REMARKS {
            self.print(text);
        }
    }

    /// Takes the bar away, and says how many remarks were left out.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
        if let Some(hidden @ 1..) = self.remarks.checked_sub(MAX_REMARKS) {
            self.print(&format!("… and {} like these", counted(hidden, "more line")));
        }
    }

    fn print(&self, text: &str) {
        // Where stderr is closed nobody wants to know.
        self.bar.suspend(|| drop(writeln!(io::stderr(), "{}", Plain(text))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_is_one() {
        for template in [BYTES, BYTES_WITHOUT_END, WORDS, BLOCKS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
