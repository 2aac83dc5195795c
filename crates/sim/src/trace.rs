//! What happened, as a number: two runs of one seed are the same run if their traces agree.
//!
//! Owns the hash over everything that any node was told and did; prints it where asked.

use std::fmt::{self, Write};

use crate::world::Micros;

/// FNV-1a over the text of every step.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    hash: u64,
    printed: bool,
}

impl Trace {
    pub(crate) fn new(printed: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, printed }
    }

    pub(crate) fn note(&mut self, now: Micros, host: usize, what: fmt::Arguments<'_>) {
        // Writing into the hash has no way to fail.
        let _ = writeln!(self, "{now} {host} {what}");
        if self.printed {
            let mut text = what.to_string();
            if let Some((end, _)) = text.char_indices().nth(400) {
                text.truncate(end);
                text.push('…');
            }
            println!("{:>12.6} {host:>2} {text}", now as f64 / 1e6);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }
}

impl Write for Trace {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}
