//! Diagnostics on stderr.
//!
//! What a peer sent may stand in them, so control characters are spelled out. Where the terminal has
//! a prompt, they go through the screen, which does not disturb the line that is being typed.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::filter::LevelFilter;

use super::escape::Plain;
use super::screen::Screen;
use super::words::Message;

/// Longest entry that is kept, in bytes.
const MAX_ENTRY: usize = 16 * 1024;

/// Sends diagnostics up to `level` to stderr, or to the screen where stderr is the terminal of the
/// prompt.
pub(crate) fn start(level: LevelFilter, prompt: Option<Screen>) {
    let screen = prompt.filter(|_| io::stderr().is_terminal());
    let writer = move || Entry { text: Vec::new(), screen: screen.clone() };
    // Fails only where a program that embeds this one has set up its own.
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_writer(writer)
        .try_init();
}

/// One entry, written when it is complete.
struct Entry {
    text: Vec<u8>,
    screen: Option<Screen>,
}

impl Write for Entry {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = MAX_ENTRY.saturating_sub(self.text.len());
        self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.text);
        let text = Plain(text.trim_end()).to_string();
        if text.is_empty() {
            return;
        }
        match &self.screen {
            Some(screen) => screen.remark(Message::warning(text)),
            // Nobody is left to be told that stderr is closed.
            None => drop(writeln!(io::stderr(), "{text}")),
        }
    }
}
