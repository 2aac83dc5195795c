//! Lines that are kept of what the target says, until a verdict is found.
//!
//! Owns the bound on them: the target is a stranger, and may say more than this machine can hold.

use std::ops::Deref;

/// Most lines that are kept at once: more than the longest chain that is graded.
const MAX_LINES: usize = 20_000;
/// Most bytes of them, beside the last one: more than the longest chain that is graded takes, 2,000
/// blocks and some hundred that grading adds, each in a line of 4 KiB.
const MAX_BYTES: usize = 16 << 20;

/// Lines, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lines: Vec<String>,
    bytes: usize,
}

impl Kept {
    /// Keeps a line, or gives it back where there is no room for more.
    pub(super) fn push(&mut self, line: String) -> Result<(), String> {
        if self.lines.len() >= MAX_LINES || self.bytes > MAX_BYTES {
            return Err(line);
        }
        self.bytes += line.len();
        self.lines.push(line);
        Ok(())
    }
}

impl Deref for Kept {
    type Target = [String];

    fn deref(&self) -> &[String] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_many_lines_nor_long_ones_are_kept_without_end() {
        let mut kept = Kept::default();
        assert_eq!((0..).take_while(|_| kept.push(String::new()).is_ok()).count(), MAX_LINES);
        let mut kept = Kept::default();
        let long = "x".repeat(MAX_BYTES / 2);
        assert_eq!((0..).take_while(|_| kept.push(long.clone()).is_ok()).count(), 3);
        assert_eq!(kept.len(), 3);
    }
}
